"""What the journal's facts are called aloud, and who acted."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from areamedica.permissions import Permission

Words = dict[str, str | Promise]

# In the order they are told; a test holds them to all there are.
FACTS: Words = {
    "was": _("Before"),
    "became": _("Afterwards"),
    "reason": _("Reason"),
    "why": _("Reason"),
    "amount": _("Amount"),
    "currency": _("Currency"),
    "accounts": _("Accounts"),
    "added": _("Added"),
    "allowed_addresses": _("Allowed addresses"),
    "answers": _("Stored answers deleted"),
    "below": _("Records concerned"),
    "booked": _("Transfers booked"),
    "can_sign": _("Signs its requests"),
    "ceiling": _("Ceiling"),
    "changed": _("What changed"),
    "code": _("Code"),
    "consumer": _("Consumer"),
    "corrected": _("What was corrected"),
    "count": _("How many"),
    "digest": _("Digest"),
    "email_pseudonym": _("Pseudonym of the e-mail"),
    "effective": _("Effective day"),
    "epoch": _("Epoch"),
    "event_types": _("Events"),
    "expires_at": _("Expires"),
    "factor": _("Second factor"),
    "factors": _("Second factors"),
    "fault": _("What is wrong"),
    "first": _("From the day"),
    "format": _("Format"),
    "from": _("From"),
    "given_up": _("Deliveries given up"),
    "ground": _("Who wants it"),
    "host": _("Host"),
    "how": _("Proved by"),
    "is_active": _("Account open"),
    "is_enabled": _("Enabled"),
    "is_superuser": _("Superuser"),
    "kept": _("What had to be kept"),
    "key": _("Key"),
    "keys": _("Keys concerned"),
    "keys_ended": _("Keys ended"),
    "last": _("Until the day"),
    "leaf": _("Number in the tree"),
    "line": _("Line"),
    "method": _("Method"),
    "number": _("How many"),
    "of_others": _("Transactions of others with the same phone"),
    "original": _("Transfer that was reversed"),
    "overdraft": _("Overdraft agreed"),
    "overlap_seconds": _("Seconds the old secret lives on"),
    "paid_transaction": _("Transaction it already pays"),
    "permission": _("Permission"),
    "posted": _("Transfers booked"),
    "questions": _("Questions to the bank"),
    "records": _("Records"),
    "removed": _("Removed"),
    "replaces": _("Key it replaces"),
    "requested_by": _("Asked for by"),
    "requests_per_minute": _("Requests a minute"),
    "role": _("Role"),
    "root": _("Root of the tree"),
    "route": _("Address asked for"),
    "rows": _("Rows"),
    "sealed": _("Sealed records"),
    "state": _("Status"),
    "status": _("Status"),
    "superuser": _("Superuser"),
    "taken_along": _("Records taken along"),
    "times": _("How many times"),
    "to": _("To"),
    "transactions": _("Transactions"),
    "transfer": _("Transfer of the books"),
    "trouble": _("Why the bank did not answer"),
    "type": _("Kind"),
    "until": _("Held until"),
    "years": _("Years kept"),
}
# What a record is about, or what of it changed.
_THINGS: Words = {
    "account": _("account"),
    "bank": _("bank"),
    "bank_code": _("bank"),
    "claimed_amount": _("amount"),
    "client": _("service client"),
    "email": _("e-mail"),
    "erasure": _("request to be forgotten"),
    "full_name": _("name"),
    "hold": _("hold"),
    "import": _("file"),
    "look": _("verification"),
    "month": _("month"),
    "operation_date": _("day of the payment"),
    "password": _("password"),
    "payer_phone": _("phone"),
    "person": _("person"),
    "projection": _("rows told again"),
    "prune": _("pruning"),
    "reference": _("reference"),
    "role": _("role"),
    "transaction": _("transaction"),
    "transfer": _("transfer"),
    "user": _("user"),
    "webhook": _("webhook"),
}
# Each room teaches its own when it is loaded.
_CODES: Words = {
    "True": _("yes"),
    "False": _("no"),
    "totp": _("code of an application"),
    "recovery_code": _("recovery code"),
    "passkey": _("passkey"),
    **_THINGS,
    **dict(Permission.choices),
}
_PLACES = {name: place for place, name in enumerate(FACTS)}


def learn(codes: type[TextChoices]) -> None:
    """Read these codes aloud from now on."""
    _CODES.update(codes.choices)


def facts_in_words(facts: dict[str, object]) -> list[tuple[str, str]]:
    """Names and values as they are read aloud; a record's form matters to programs."""
    last = len(_PLACES)
    known = facts.keys() - {"schema"}
    names = sorted(known, key=lambda name: (_PLACES.get(name, last), name))
    return [(name_of(name), in_words(facts[name])) for name in names]


def name_of(fact: str) -> str:
    """What a fact is called; its own name where nobody has given it a better one."""
    return str(FACTS.get(fact, fact))


def in_words(fact: object) -> str:
    """A fact as it is read aloud."""
    if isinstance(fact, list):
        return ", ".join(in_words(each) for each in fact)
    return str(_CODES.get(str(fact), fact)) if fact not in (None, "") else "—"


def names_of(ids: Iterable[object]) -> dict[str, str]:
    """Names of who works here, as they are now; the journal holds ids alone."""
    known = get_user_model()._default_manager.filter(pk__in={*ids} - {None, ""})
    return {str(pk): name for pk, name in known.values_list("pk", "full_name")}
