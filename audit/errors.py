"""What this room refuses."""

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


class NothingHeld(Refusal):
    kind = Kind.NOT_FOUND
    code = "NOTHING_HELD"
    sentence = _("No such event is held.")
