"""Refusals: what a caller may be told, one class each, in every app's `errors.py`.

A refusal is news for the caller. Anything else that rises is a bug and becomes a 500.
"""

from datetime import timedelta
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Kind(Enum):
    """The category of a refusal: (type on the wire, HTTP status, retries that help)."""

    VALIDATION = ("validation", 400, 0)
    AUTHENTICATION = ("authentication", 401, 0)
    AUTHORIZATION = ("authorization", 403, 0)
    NOT_FOUND = ("not_found", 404, 0)
    CONFLICT = ("conflict", 409, 0)
    BUSINESS_RULE = ("business_rule", 422, 0)
    RATE_LIMIT = ("rate_limit", 429, 0)
    EXTERNAL_DEPENDENCY = ("external_dependency", 503, 3)
    SYSTEM = ("system", 500, 2)

    @property
    def wire(self) -> str:
        return self.value[0]

    @property
    def status(self) -> int:
        return self.value[1]

    @property
    def retries(self) -> int:
        """How often a client may usefully repeat the call (requirement LB-45)."""
        return self.value[2]


class Refusal(Exception):
    """Base of every named refusal.

    `facts` are public: ids and references, never a name, a phone or a token. `status`
    is the kind's HTTP status where none more exact is given (405, 413, 415).
    """

    kind: Kind
    code: str
    sentence: str | Promise
    status: int

    def __init_subclass__(cls) -> None:
        cls.status = cls.__dict__.get("status", cls.kind.status)

    def __init__(
        self, *, retry_after: timedelta | None = None, **facts: object
    ) -> None:
        super().__init__(self.code)
        self.facts = facts
        # For the journal alone. A refusal that brings any is journaled, whatever kind.
        self.noted: dict[str, object] = {}
        self.retry_after = retry_after

    @property
    def message(self) -> str:
        return str(self.sentence).format(**self.facts)


class InvalidInput(Refusal):
    kind = Kind.VALIDATION
    code = "VALIDATION_ERROR"
    sentence = _("Some fields cannot be accepted; see details.")


class DayOutOfReach(Refusal):
    kind = Kind.VALIDATION
    code = "DAY_OUT_OF_REACH"
    sentence = _("Give a day from 2000 to 2100.")


class UnreadableBody(Refusal):
    kind = Kind.VALIDATION
    code = "INVALID_INPUT"
    sentence = _("The body of the request cannot be read: {why}")


class BodyTooLarge(Refusal):
    kind = Kind.VALIDATION
    code = "BODY_TOO_LARGE"
    sentence = _("The body of the request is larger than {limit} bytes.")
    status = 413


class BodyTooSlow(Refusal):
    kind = Kind.VALIDATION
    code = "REQUEST_TIMEOUT"
    sentence = _("The body of the request did not arrive in time.")
    status = 408


class UnsupportedMediaType(Refusal):
    kind = Kind.VALIDATION
    code = "UNSUPPORTED_MEDIA_TYPE"
    sentence = _("Send JSON (Content-Type: application/json).")
    status = 415


class NotAcceptable(Refusal):
    kind = Kind.VALIDATION
    code = "NOT_ACCEPTABLE"
    sentence = _("This answer exists only as JSON.")
    status = 406


class MethodNotAllowed(Refusal):
    kind = Kind.VALIDATION
    code = "METHOD_NOT_ALLOWED"
    sentence = _("This address does not take {method}.")
    status = 405


class AddressIsReadOnly(Refusal):
    kind = Kind.VALIDATION
    code = "ADDRESS_IS_READ_ONLY"
    sentence = _("This address is only read.")
    status = 405


class Unauthorized(Refusal):
    kind = Kind.AUTHENTICATION
    code = "UNAUTHORIZED"
    sentence = _("Sign in first.")


class Forbidden(Refusal):
    kind = Kind.AUTHORIZATION
    code = "FORBIDDEN"
    sentence = _("You are not allowed to do this.")


class CsrfFailed(Refusal):
    kind = Kind.AUTHORIZATION
    code = "CSRF_FAILED"
    sentence = _("The page is too old or was not ours; reload it and try again.")


class NotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "NOT_FOUND"
    sentence = _("There is nothing at this address.")


class InFlight(Refusal):
    kind = Kind.CONFLICT
    code = "IN_FLIGHT"
    sentence = _("The same request is still being answered; try again shortly.")


class IdempotencyKeyReused(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "IDEMPOTENCY_KEY_REUSED"
    sentence = _("This idempotency key was used with another request.")


class BadIdempotencyKey(Refusal):
    kind = Kind.VALIDATION
    code = "INVALID_IDEMPOTENCY_KEY"
    sentence = _("An idempotency key has 1 to 255 printable characters.")


class TooManyRequests(Refusal):
    kind = Kind.RATE_LIMIT
    code = "RATE_LIMIT_EXCEEDED"
    sentence = _("Too many requests; wait a little.")


class Unavailable(Refusal):
    kind = Kind.EXTERNAL_DEPENDENCY
    code = "SERVICE_UNAVAILABLE"
    sentence = _("A service this depends on does not answer; try again shortly.")


class DatabaseAway(Refusal):
    kind = Kind.EXTERNAL_DEPENDENCY
    code = "DATABASE_ERROR"
    sentence = _("The database does not answer; nothing was lost, try again shortly.")


class InternalError(Refusal):
    kind = Kind.SYSTEM
    code = "INTERNAL_ERROR"
    sentence = _("Something went wrong on our side; it has been recorded.")
