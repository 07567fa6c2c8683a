"""What this room refuses, and what every request that two people carry refuses."""

from django.utils.translation import gettext_lazy as _

from areamedica.errors import Kind, Refusal


class RecordNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "RECORD_NOT_FOUND"
    sentence = _("The journal has no such record.")


class NotSealed(Refusal):
    kind = Kind.NOT_FOUND
    code = "NOT_SEALED"
    sentence = _("The journal is not sealed that far yet.")


class EventNotHeld(Refusal):
    kind = Kind.NOT_FOUND
    code = "EVENT_NOT_HELD"
    sentence = _("No such event is held.")


class Pruned(Refusal):
    kind = Kind.NOT_FOUND
    code = "PRUNED"
    sentence = _("The time to keep these records has passed; only their proof is left.")


class OwnRequest(Refusal):
    kind = Kind.AUTHORIZATION
    code = "OWN_REQUEST"
    sentence = _("You asked for this yourself; a second person carries it out.")


class RequestNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "REQUEST_NOT_FOUND"
    sentence = _("There is no such request.")


class RequestClosed(Refusal):
    kind = Kind.CONFLICT
    code = "REQUEST_CLOSED"
    sentence = _("This request was closed already.")


class NothingOldEnough(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "NOTHING_OLD_ENOUGH"
    sentence = _(
        "No sealed record is older than {years} years and still has its words."
    )


class PeriodTooLong(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "PERIOD_TOO_LONG"
    sentence = _(
        "These days hold more than {most} records of the journal; choose fewer days."
    )
