"""Production: TLS before us, no default for a secret, nothing of the sandbox."""

from areamedica.settings import env
from areamedica.settings.base import *  # noqa: F403 (settings are layered by import)

ENVIRONMENT = "production"
DEBUG = False
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = [f"https://{host.lstrip('.')}" for host in ALLOWED_HOSTS]

_HOST = ALLOWED_HOSTS[0].lstrip(".") if ALLOWED_HOSTS else ""
PUBLIC_URL = (env.text("PUBLIC_URL", "") or f"https://{_HOST}").rstrip("/")
if not EMAIL_URL:
    # A check says so. The console would show links to whoever reads the logs; a mail
    # server that is not there only makes letters wait.
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
# Probes and scrapes come from inside, over plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^health", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"

SECOND_FACTOR_REQUIRED_FOR = env.words(
    "SECOND_FACTOR_REQUIRED_FOR", "superuser,reviewer"
)

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
