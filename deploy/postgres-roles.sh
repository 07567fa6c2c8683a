#!/bin/bash
# The two roles and the database, made where they are missing; runs before every
# migration. One owns the tables and migrates. The other serves: it owns nothing, and
# `manage.py grant_rights` says what it may. Neither is a superuser, whose password stays
# with this container and the server's.
set -euo pipefail

psql --set ON_ERROR_STOP=1 --username postgres --dbname postgres <<'SQL'
\getenv owner POSTGRES_PASSWORD
\getenv application POSTGRES_APP_PASSWORD
SELECT format('CREATE ROLE %I', wanted) FROM unnest(ARRAY['areamedica', 'areamedica_app']) wanted
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec
ALTER ROLE areamedica LOGIN PASSWORD :'owner';
ALTER ROLE areamedica_app LOGIN PASSWORD :'application';
SELECT 'CREATE DATABASE areamedica OWNER areamedica'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'areamedica') \gexec
SQL
