"""Who signs in, with what, and the letters that help whoever cannot."""

from datetime import timedelta

from django.urls import reverse_lazy

from areamedica.settings import env

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
MFA_TOTP_TOLERANCE = 1

ALLOW_PUBLIC_REGISTRATION = env.flag("ALLOW_PUBLIC_REGISTRATION", default=False)

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
