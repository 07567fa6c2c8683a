"""Tests: real PostgreSQL and Redis, fast passwords, no waiting."""

from areamedica.settings.local import *  # noqa: F403 (settings are layered by import)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
USER_RATE_LIMIT_REQUESTS = 100_000
RATE_LIMIT_REQUESTS = 100_000
LOGIN_RATE_LIMIT_REQUESTS = 100_000
AXES_FAILURE_LIMIT = 5
# Tests have each other wait in an order of their own making, on machines that may be
# busy: longer than in a clinic, but not as long as a statement may take.
DATABASES["default"]["OPTIONS"]["options"] += " -c lock_timeout=25s"
METRICS_TOKEN = "test-metrics-token"  # noqa: S105 (a test's own)
