"""The five public states, why a transaction is in one, and every step there is."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """The public contract (api.md); front ends know exactly these five."""

    IN_PROGRESS = "IN_PROGRESS", _("Waiting for the bank")
    TO_REVIEW = "TO_REVIEW", _("Waiting for a person")
    UNKNOWN = "UNKNOWN", _("The bank cannot be asked")
    COMPLETED = "COMPLETED", _("The money is ours")
    CANCELED = "CANCELED", _("Withdrawn or refused")


OPEN = frozenset({State.IN_PROGRESS, State.UNKNOWN})
FINAL = frozenset({State.COMPLETED, State.CANCELED})


class Reason(models.TextChoices):
    """Why the state is what it is; `status_reason` on the wire."""

    RECORDED = "RECORDED", _("Recorded; the bank is being asked")
    NOT_SEEN_YET = "NOT_SEEN_YET", _("The bank does not show it yet")
    MATCHED = "MATCHED", _("The bank confirms it")
    AMOUNT_DIFFERS = "AMOUNT_DIFFERS", _("The bank shows another amount")
    CURRENCY_DIFFERS = "CURRENCY_DIFFERS", _("The bank shows another currency")
    DATE_DIFFERS = "DATE_DIFFERS", _("The bank shows another date")
    AMOUNT_UNSTATED = "AMOUNT_UNSTATED", _("No amount was stated; a person compares")
    SEVERAL_CREDITS = "SEVERAL_CREDITS", _("Several credits of the bank fit")
    CREDIT_ALREADY_USED = (
        "CREDIT_ALREADY_USED",
        _("The credit already pays another transaction"),
    )
    QUESTION_REFUSED = "QUESTION_REFUSED", _("The bank refuses the data as malformed")
    NOT_SEEN = "NOT_SEEN", _("The bank never showed it before the deadline")
    BANK_UNREACHABLE = "BANK_UNREACHABLE", _("The bank has not answered for a while")
    BANK_BACK = "BANK_BACK", _("The bank answers again")
    SECOND_APPROVAL = "SECOND_APPROVAL", _("Waiting for a second person")
    APPROVED = "APPROVED", _("Approved by a reviewer")
    REJECTED = "REJECTED", _("Rejected by a reviewer")
    REOPENED = "REOPENED", _("Corrected; the bank is asked again")
    WITHDRAWN = "WITHDRAWN", _("Withdrawn")
    DELETED = "DELETED", _("Deleted")


# Who may cause a step is the caller's policy; that the step exists is decided here, and
# nowhere else (product.md, "The life of a claim").
STEPS: dict[State, frozenset[State]] = {
    State.IN_PROGRESS: frozenset(
        {State.COMPLETED, State.TO_REVIEW, State.UNKNOWN, State.CANCELED}
    ),
    State.UNKNOWN: frozenset(
        {State.COMPLETED, State.TO_REVIEW, State.IN_PROGRESS, State.CANCELED}
    ),
    State.TO_REVIEW: frozenset({State.COMPLETED, State.CANCELED, State.IN_PROGRESS}),
    State.COMPLETED: frozenset(),
    State.CANCELED: frozenset(),
}


class Type(models.TextChoices):
    """How the money was sent."""

    TRANSFER = "TRANSFER", _("Transfer")
    MOBILE_PAYMENT = "MOBILE_PAYMENT", _("Pago móvil")


class ErdBank(models.TextChoices):
    """The seed's `bank`, which mixes bank and method (resolved conflict C20)."""

    BANESCO = "BANESCO", "Banesco"
    MOBILE_TRANSFER = "MOBILE_TRANSFER", _("Pago móvil")


class ActorType(models.TextChoices):
    USER = "USER", _("Person")
    SYSTEM = "SYSTEM", _("System")
    EXTERNAL = "EXTERNAL", _("Outside system")
