#!/bin/bash
# The application's role owns its database but is no superuser: what the journal's
# triggers refuse, the application cannot switch off by the way. Runs once, on an
# empty volume. Both roles share the password; the superuser never leaves this container.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" \
    --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE areamedica LOGIN PASSWORD :'password';
CREATE DATABASE areamedica OWNER areamedica;
SQL
