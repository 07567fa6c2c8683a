"""The bank's Keycloak: only the password grant works (fact sheet §1)."""

import base64
import binascii
import hmac
import secrets
import time
from threading import Lock
from urllib.parse import parse_qsl

from banking.sandbox.options import Flavour, Options
from banking.sandbox.wire import Answer, Json, Request, json_answer

REALMS = {
    Flavour.QA: "/auth/realms/realm-api-qa/protocol/openid-connect/token",
    Flavour.PRODUCTION: "/auth/realms/realm-api-prd/protocol/openid-connect/token",
}


class Tokens:
    """The tokens that are alive."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._dies_at: dict[str, float] = {}

    def issue(self, seconds: int) -> str:
        token = secrets.token_urlsafe(48)
        now = time.monotonic()
        with self._lock:
            alive = self._dies_at.items()
            self._dies_at = {name: end for name, end in alive if end > now}
            self._dies_at[token] = now + seconds
        return token

    def is_alive(self, token: str) -> bool:
        with self._lock:
            return self._dies_at.get(token, 0.0) > time.monotonic()

    def expire_all(self) -> int:
        with self._lock:
            count = len(self._dies_at)
            self._dies_at.clear()
        return count


def answer_token(request: Request, options: Options, tokens: Tokens) -> Answer:
    """Check the client, then the grant, then the user, in Keycloak's order."""
    form = dict(parse_qsl(request.body.decode(errors="replace")))
    if request.method != "POST":
        return _refuse(405, "invalid_request", "HTTP method not allowed")
    if request.path != REALMS[options.flavour] or not _is_client(
        _identity(request, form), options
    ):
        # QA credentials on the other realm look like any unknown client (§1).
        return _refuse(401, "unauthorized_client", "Invalid client secret")
    match form.get("grant_type"):
        case "password":
            return _grant(form, options, tokens)
        case "client_credentials":
            reason = "Client not enabled to retrieve service account"
            return _refuse(401, "unauthorized_client", reason)
        case None:
            reason = "Missing form parameter: grant_type"
            return _refuse(400, "invalid_request", reason)
        case _:
            return _refuse(400, "unsupported_grant_type", "Unsupported grant_type")


def _grant(form: dict[str, str], options: Options, tokens: Tokens) -> Answer:
    user = (form.get("username", ""), form.get("password", ""))
    if not _is_client(user, options):
        # Keycloak's description may echo the request (§1): a trap for whoever logs it.
        reason = f"Invalid user credentials: {user[0]}/{user[1]}"
        return _refuse(401, "invalid_grant", reason)
    body: Json = {
        "access_token": tokens.issue(options.token_seconds),
        "expires_in": options.token_seconds,
        "refresh_expires_in": 0,
        "token_type": "Bearer",
        "not-before-policy": 0,
        "scope": form.get("scope", ""),
    }
    return json_answer(200, body, (("Cache-Control", "no-store"),))


def _identity(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """HTTP Basic when given, the form otherwise: both were seen working (§1)."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = (
            base64.b64decode(encoded, validate=True).decode().partition(":")
        )
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _is_client(pair: tuple[str, str], options: Options) -> bool:
    is_name = hmac.compare_digest(pair[0].encode(), options.client_id.encode())
    is_secret = hmac.compare_digest(pair[1].encode(), options.client_secret.encode())
    return is_name and is_secret


def _refuse(status: int, error: str, reason: str) -> Answer:
    body: Json = {"error": error, "error_description": reason}
    answer = json_answer(status, body)
    return Answer(status, answer.body, answer.content_type, code=error)
