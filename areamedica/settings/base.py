"""What is true everywhere. `local`, `test` and `production` hold only differences."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from areamedica import logs
from areamedica.settings import env
from areamedica.settings.back_office import (  # noqa: F401 (settings by name)
    IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT,
    LOGIN_REDIRECT_URL,
    UNFOLD,
)
from areamedica.settings.beat import CELERY_BEAT_SCHEDULE  # noqa: F401 (as above)

BASE_DIR = Path(__file__).resolve().parents[2]

APP_NAME = env.text("APP_NAME", "Área Médica")
APP_VERSION = "1.0.0"
ENVIRONMENT = env.text("ENVIRONMENT", "local")
DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

ROOT_URLCONF = "areamedica.urls"
WSGI_APPLICATION = "areamedica.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# "/api/v1/x" and "/api/v1/x/" are both addresses of ours; nothing is redirected.
APPEND_SLASH = False

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "areamedica.admin_site.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_filters",
    "django_prometheus",
    "django_structlog",
    "import_export",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "axes",
    "corsheaders",
    "csp",
    "accounts.apps.LibraryAccount",
    "allauth.mfa",
    "areamedica",
    "areamedica.api",
    "audit",
    "accounts",
    "notifications",
    "banking",
    "ledger",
    "transactions",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "areamedica.middleware.RequestIdentity",
    "areamedica.middleware.EitherSlash",
    "areamedica.api.deprecation.AnnounceDeprecation",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "areamedica.middleware.ContentSecurity",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "areamedica.middleware.PlainErrors",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- PostgreSQL and Redis ------------------------------------------------------------
DATABASES = {
    "default": {
        **env.env.db_url_config(env.text("DATABASE_URL")),
        "ENGINE": "django_prometheus.db.backends.postgresql",
        "CONN_MAX_AGE": env.number("DATABASE_CONN_MAX_AGE", 300),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "application_name": "areamedica",
            # A forgotten transaction must not hold a lock until morning.
            "options": (
                "-c idle_in_transaction_session_timeout=60s "
                f"-c statement_timeout={env.number('DATABASE_STATEMENT_MS', 30_000)} "
                "-c lock_timeout=5s"
            ),
        },
    }
}
REDIS_URL = env.text("REDIS_URL")
# Redis is a doorbell: short waits, so that losing it slows nobody down for long.
REDIS_TIMEOUTS = {
    "socket_connect_timeout": 0.5,
    "socket_timeout": 1.0,
    "health_check_interval": 30,
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "TIMEOUT": 300,
        "OPTIONS": REDIS_TIMEOUTS,
    }
}

# --- Celery --------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_TIMEOUT = 1.0
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A message once taken is gone, and whatever became of it the sweep rings again.
    # kombu's own book of unfinished messages would hand them out anew by a worker's
    # clock, and its 5.7 ends a worker that is busy when Redis goes.
    "ack_emulation": False,
    "socket_connect_timeout": 1.0,
    "socket_timeout": 5.0,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "max_retries": 0,
}
CELERY_TIMEZONE = "America/Caracas"

# --- Who signs in --------------------------------------------------------------------
SECRET_KEY = env.text("SECRET_KEY")
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.authentication.EmailBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.BCryptSHA256PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.passwords.LongEnough"},
    {"NAME": "accounts.passwords.NotGuessable"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation"
        ".UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "full_name")},
    },
]
LOGIN_URL = reverse_lazy("admin:login")
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "areamedica.api.errors.csrf_failure"

# Locked is the pair of account and address, so that guessing from elsewhere never
# locks the clerk out (facts/reliability: the library's defaults lock a whole clinic).
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = env.number("LOGIN_FAILURE_LIMIT", 5, least=1)
AXES_COOLOFF_TIME = timedelta(minutes=env.number("LOGIN_COOLOFF_MINUTES", 15, least=1))
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_FORM_FIELD = "username"
AXES_SENSITIVE_PARAMETERS = ["username", "email", "password"]
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True
# Its own way believes whatever X-Forwarded-For a guesser makes up.
AXES_CLIENT_IP_CALLABLE = "areamedica.addresses.client_address"
AXES_LOCKOUT_CALLABLE = "accounts.authentication.locked_out"

JWT_SECRET = env.text("JWT_SECRET")
# Keys that only check what they once signed (docs/operations.md, "Change the keys").
JWT_OLD_SECRETS = env.words("JWT_OLD_SECRETS")
ACCESS_TOKEN_EXPIRE_MINUTES = env.number("ACCESS_TOKEN_EXPIRE_MINUTES", 30, least=1)
STAFF_TOKEN_EXPIRE_MINUTES = env.number("STAFF_TOKEN_EXPIRE_MINUTES", 15, least=1)
REFRESH_TOKEN_EXPIRE_DAYS = env.number("REFRESH_TOKEN_EXPIRE_DAYS", 7, least=1)
SIMPLE_JWT = {
    "ALGORITHM": "HS256",
    "SIGNING_KEY": JWT_SECRET,
    "ISSUER": "areamedica",
    "AUDIENCE": "areamedica-api",
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=ACCESS_TOKEN_EXPIRE_MINUTES),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=REFRESH_TOKEN_EXPIRE_DAYS),
    "USER_ID_CLAIM": "sub",
    "UPDATE_LAST_LOGIN": False,
}

# The second factor: roles, or "superuser", that cannot do without (production: some).
SECOND_FACTOR_REQUIRED_FOR = env.words("SECOND_FACTOR_REQUIRED_FOR")
# The first one encrypts, every one decrypts.
SECOND_FACTOR_KEYS = env.words("SECOND_FACTOR_KEY") or [SECRET_KEY]
MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = APP_NAME
MFA_TOTP_TOLERANCE = 1

ALLOW_PUBLIC_REGISTRATION = env.flag("ALLOW_PUBLIC_REGISTRATION", default=False)

# --- Letters -------------------------------------------------------------------------
# Where links in letters lead; what a request calls this server decides nothing.
PUBLIC_URL = env.text("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
EMAIL_URL = env.text("EMAIL_URL", "")
_MAIL = env.env.email_url_config(EMAIL_URL or "consolemail://")
EMAIL_BACKEND = _MAIL["EMAIL_BACKEND"]
EMAIL_FILE_PATH = _MAIL["EMAIL_FILE_PATH"]
EMAIL_HOST = _MAIL["EMAIL_HOST"] or "localhost"
EMAIL_PORT = _MAIL["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _MAIL["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _MAIL["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _MAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _MAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "areamedica@localhost")
RESET_LINK_MINUTES = env.number("RESET_LINK_MINUTES", 60, least=1)
VERIFY_LINK_HOURS = env.number("VERIFY_LINK_HOURS", 72, least=1)
LETTERS_PER_HOUR = env.number("LETTERS_PER_HOUR", 3, least=1)

# --- The API -------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerToken",
        "accounts.machines.ApiKey",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["areamedica.api.parsing.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["areamedica.api.throttling.RequestLimit"],
    "DEFAULT_SCHEMA_CLASS": "areamedica.api.schema.Documented",
    "DEFAULT_PAGINATION_CLASS": "areamedica.api.paging.Pages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "areamedica.api.errors.answer",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "URL_FORMAT_OVERRIDE": None,
}
RATE_LIMIT_REQUESTS = env.number("RATE_LIMIT_REQUESTS", 100, least=1)
RATE_LIMIT_PERIOD = env.number("RATE_LIMIT_PERIOD", 3600, least=1)
USER_RATE_LIMIT_REQUESTS = env.number("USER_RATE_LIMIT_REQUESTS", 100, least=1)
USER_RATE_LIMIT_PERIOD = env.number("USER_RATE_LIMIT_PERIOD", 60, least=1)
LOGIN_RATE_LIMIT_REQUESTS = env.number("LOGIN_RATE_LIMIT_REQUESTS", 30, least=1)
# A minute and person, beside the limit above and tighter: whoever has found a token may
# not guess the password with it, nobody leans on the bank's button, a PDF costs.
ROUTE_RATE_LIMITS = {
    "api/v1/profile/password": 5,
    "api/v1/transactions/<str:id>/refresh": 20,
    "api/v1/transactions/<str:id>/receipt": 30,
    "api/v1/audit/evidence": 10,
}
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", 0)
MAX_BODY_BYTES = 262_144
# Where more is sent: 8,000 transfers of 500 bytes (deploy/nginx.conf lets it through).
LARGE_BODIES = {"/api/v1/ledger/transfers/batch": 4_194_304}
# Django's own cap holds where a signature is checked over the whole body.
DATA_UPLOAD_MAX_MEMORY_SIZE = max(LARGE_BODIES.values())

CORS_ALLOWED_ORIGINS = env.words("ALLOWED_ORIGINS")
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = [
    "accept",
    "accept-language",
    "authorization",
    "content-type",
    "idempotency-key",
    "x-request-id",
]
CORS_EXPOSE_HEADERS = [
    "X-Request-ID",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
]
CORS_URLS_REGEX = r"^/api/.*$"

SPECTACULAR_SETTINGS = {
    "PREPROCESSING_HOOKS": ["areamedica.api.schema.contract_only"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "areamedica.api.schema.with_the_houses_own",
    ],
    "TITLE": "Área Médica API",
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "transactions.states.State",
        "ReasonEnum": "transactions.states.Reason",
    },
    "DESCRIPTION": "Did the patient's transfer or pago móvil really arrive?",
    "VERSION": APP_VERSION,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False},
}

# --- What a browser may do -----------------------------------------------------------
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# The API shows nothing; pages of ours name what they need (areamedica.middleware).
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [NONE],
    }
}
_PAGE = {
    "default-src": [SELF],
    "img-src": [SELF, "data:"],
    "object-src": [NONE],
    "frame-ancestors": [NONE],
    "base-uri": [SELF],
    "form-action": [SELF],
}
# Unfold's Alpine.js evaluates its attributes; without it the sign-in button is dead.
ADMIN_CONTENT_SECURITY_POLICY = {
    **_PAGE,
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}
DOCS_CONTENT_SECURITY_POLICY = {
    **_PAGE,
    "script-src": [SELF, NONCE],
    "style-src": [SELF, UNSAFE_INLINE],
}

# --- Words, days and money -----------------------------------------------------------
LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/Caracas"

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]

# --- The bank ------------------------------------------------------------------------
BANK_GATEWAY = env.text("BANK_GATEWAY", "banesco")
BANESCO: dict[str, Any] = {
    "TOKEN_URL": env.text("BANESCO_TOKEN_URL", ""),
    "QUERY_URL": env.text("BANESCO_QUERY_URL", ""),
    "CLIENT_ID": env.text("BANESCO_CLIENT_ID", ""),
    "CLIENT_SECRET": env.text("BANESCO_CLIENT_SECRET", ""),
    # The bank's client is its own resource owner unless told otherwise.
    "USERNAME": env.text("BANESCO_USERNAME", env.text("BANESCO_CLIENT_ID", "")),
    "PASSWORD": env.text("BANESCO_PASSWORD", env.text("BANESCO_CLIENT_SECRET", "")),
    "SCOPE": env.text("BANESCO_SCOPE", ""),
    "ACCOUNT_ID": env.text("BANESCO_ACCOUNT_ID", ""),
    "RIF": env.text("BANESCO_RIF", ""),
    "TIMEOUT_SECONDS": env.number("BANESCO_TIMEOUT", 15, least=1),
    "RATE_LIMIT": env.number("BANESCO_RATE_LIMIT", 2, least=1),
    "CA_BUNDLE": env.text("BANESCO_CA_BUNDLE", ""),
    "MAX_SIMULTANEOUS": env.number("BANESCO_MAX_SIMULTANEOUS", 16, least=1),
    # "02:00-06:00", Caracas time; empty: only the bank's own answer pauses the asking.
    "MAINTENANCE_WINDOW": env.text("BANESCO_MAINTENANCE_WINDOW", ""),
    # The seed's simple contract, BANK_GATEWAY=simple.
    "API_URL": env.text("BANESCO_API_URL", ""),
    "API_KEY": env.text("BANESCO_API_KEY", ""),
}

# --- The clinic's choices ------------------------------------------------------------
QUICK_QUESTION_SECONDS = env.number("QUICK_QUESTION_SECONDS", 5)
NOT_SEEN_DEADLINE_HOURS = env.number("NOT_SEEN_DEADLINE_HOURS", 72, least=1)
NOT_SEEN_ACTION = env.text("NOT_SEEN_ACTION", "review")
UNKNOWN_AFTER_MINUTES = env.number("UNKNOWN_AFTER_MINUTES", 15, least=1)
REVIEW_SECOND_PERSON_ABOVE = env.money("REVIEW_SECOND_PERSON_ABOVE", "50000.00")
REVIEW_UNSTATED_AMOUNT = env.flag("REVIEW_UNSTATED_AMOUNT", default=False)

# --- The sealed journal --------------------------------------------------------------
# Never changed once sealing began: checkpoints are signed under this name.
AUDIT_ORIGIN = env.text("AUDIT_ORIGIN", "area-medica/journal")
AUDIT_SIGNING_KEY = env.text("AUDIT_SIGNING_KEY", "")
# Public keys (vkeys) that signed before this one.
AUDIT_OLD_KEYS = env.words("AUDIT_OLD_KEYS")
# The writer's MAC of each record, and keys that only check what they once wrote.
AUDIT_WRITER_KEY = env.text("AUDIT_WRITER_KEY", "")
AUDIT_OLD_WRITER_KEYS = env.words("AUDIT_OLD_WRITER_KEYS")
# "vkey url" of each witness, and how many of them make a checkpoint count.
AUDIT_WITNESSES = env.words("AUDIT_WITNESSES")
AUDIT_WITNESS_QUORUM = env.number("AUDIT_WITNESS_QUORUM", 1, least=1)
# Where a checkpoint is laid down every day, for paper and for a store that keeps.
AUDIT_ANCHOR_FOLDER = env.text("AUDIT_ANCHOR_FOLDER", "")

# --- Webhooks ------------------------------------------------------------------------
# Encrypts the secrets: the first one writes, every one reads.
WEBHOOK_KEYS = env.words("WEBHOOK_KEY") or [SECRET_KEY]
# Hosts, as URLs spell them, that may be private and spoken to without TLS.
WEBHOOK_PRIVATE_HOSTS = env.words("WEBHOOK_PRIVATE_HOSTS")

# --- What the law asks ---------------------------------------------------------------
# The first one wraps the keys of personal words, every one unwraps (docs/privacy.md).
PRIVACY_KEYS = env.words("PRIVACY_KEY") or [SECRET_KEY]
# Makes the pseudonyms of the journal; never changed, or equal persons differ in it.
PSEUDONYM_KEY = env.text("PSEUDONYM_KEY", "") or SECRET_KEY
# Accounting records are kept ten years at least (Código de Comercio, art. 44).
RETENTION_YEARS = env.number("RETENTION_YEARS", 10, least=10)
# The country the data stand in (ISO 3166-1): written into reports and exports.
DATA_RESIDENCY = env.text("DATA_RESIDENCY", "VE")

# --- Watching ------------------------------------------------------------------------
METRICS_TOKEN = env.text("METRICS_TOKEN", "")
METRICS_ADDRESSES = env.words("METRICS_ADDRESSES")
PROMETHEUS_EXPORT_MIGRATIONS = False
LOG_LEVEL = env.text("LOG_LEVEL", "INFO")
DJANGO_STRUCTLOG_CELERY_ENABLED = True
LOGGING_CONFIG = None  # areamedica.logs
logs.configure(LOG_LEVEL)
