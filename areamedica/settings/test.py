"""Tests: real PostgreSQL and Redis, fast passwords, no waiting."""

from areamedica.settings.local import *  # noqa: F403 (settings are layered by import)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
USER_RATE_LIMIT_REQUESTS = 100_000
RATE_LIMIT_REQUESTS = 100_000
LOGIN_RATE_LIMIT_REQUESTS = 100_000
AXES_FAILURE_LIMIT = 5
METRICS_TOKEN = "test-metrics-token"  # noqa: S105 (a test's own)
