"""The API: how it answers, how much it takes, what its document says."""

from areamedica.settings import env

APP_VERSION = "1.0.0"

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
