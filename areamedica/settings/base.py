"""What is true everywhere. `local`, `test` and `production` hold only differences."""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from areamedica import logs
from areamedica.settings import env
from areamedica.settings.api import *  # noqa: F403 (each file is one matter)
from areamedica.settings.back_office import *  # noqa: F403
from areamedica.settings.beat import CELERY_BEAT_SCHEDULE  # noqa: F401 (by name)
from areamedica.settings.browser import *  # noqa: F403
from areamedica.settings.sign_in import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parents[2]

APP_NAME = env.text("APP_NAME", "Área Médica")
MFA_TOTP_ISSUER = APP_NAME
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
        "ENGINE": "areamedica.postgresql",
        "CONN_MAX_AGE": env.number("DATABASE_CONN_MAX_AGE", 300),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 3,
            "application_name": "areamedica",
            # A server that went without a word, as by a loss of power, is given up.
            "keepalives_idle": 30,
            "tcp_user_timeout": 10_000,
            # A forgotten transaction must not hold a lock until morning.
            "options": (
                "-c idle_in_transaction_session_timeout=60s "
                f"-c statement_timeout={env.number('DATABASE_STATEMENT_MS', 30_000)} "
                "-c lock_timeout=5s "
                # To start other processes takes longer than most questions.
                "-c max_parallel_workers_per_gather=0"
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
# Signs that one a second time, with ML-DSA-44; empty: nobody does.
AUDIT_ANCHOR_KEY = env.text("AUDIT_ANCHOR_KEY", "")

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
