"""What this room refuses."""

from django.utils.translation import gettext_lazy as _

from areamedica.errors import Kind, Refusal


class WebhookNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "WEBHOOK_NOT_FOUND"
    sentence = _("There is no such webhook.")


class DeliveryNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "DELIVERY_NOT_FOUND"
    sentence = _("This webhook has no such delivery.")


class UnsafeAddress(Refusal):
    kind = Kind.VALIDATION
    code = "UNSAFE_ADDRESS"
    sentence = _("News goes to a public https address without user, password or #.")


class UnknownEventType(Refusal):
    kind = Kind.VALIDATION
    code = "UNKNOWN_EVENT_TYPE"
    sentence = _("There is no news of the type {type}.")


class WebhookDisabled(Refusal):
    kind = Kind.CONFLICT
    code = "WEBHOOK_DISABLED"
    sentence = _("The webhook is disabled; enable it first.")


class NotDead(Refusal):
    kind = Kind.CONFLICT
    code = "DELIVERY_NOT_DEAD"
    sentence = _("Only a delivery that was given up is sent again.")
