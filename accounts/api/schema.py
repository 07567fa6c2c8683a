from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class BearerTokenScheme(  # type: ignore[no-untyped-call]
    OpenApiAuthenticationExtension
):
    """How the document describes `Authorization: Bearer …`."""

    target_class = "accounts.authentication.BearerToken"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class ApiKeyScheme(  # type: ignore[no-untyped-call]
    OpenApiAuthenticationExtension
):
    """How the document describes `X-API-Key`."""

    target_class = "accounts.machines.ApiKey"
    name = "machine"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "For machines: `am_<prefix>_<secret>`. What moves money is "
            "also signed (RFC 9421, ed25519); see docs/machines.md.",
        }
