"""The journal in plain sentences, for whoever runs a clinic; a view, no evidence."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from areamedica import paper
from areamedica.clock import CARACAS
from areamedica.money import BOLIVAR
from areamedica.paper import Part, Small
from areamedica.templatetags.back_office import money
from audit.actions import Action
from audit.canonical import amount_in, facts_of
from audit.evidence.words import Words, names_of

LANGUAGES = ("es", "en")
# What a sentence is made of.
_TOLD = {"action", "actor", "at", "facts"}

_ACTIONS: Words = {
    Action.TRANSACTION_RECORDED: gettext_lazy("{who} recorded a payment of {amount}."),
    Action.TRANSACTION_CHANGED: gettext_lazy(
        "{who} corrected what was recorded of the payment."
    ),
    Action.TRANSACTION_DELETED: gettext_lazy("{who} deleted the payment."),
    Action.FIRST_APPROVAL: gettext_lazy(
        "{who} approved the payment; a second person has to approve it as well."
    ),
    Action.LATE_ANSWER: gettext_lazy(
        "The bank answered when the payment had already been decided."
    ),
    Action.INQUIRY_REPLAYED: gettext_lazy("{who} had the bank asked again."),
    Action.EVIDENCE_EXPORTED: gettext_lazy("{who} took out what the bank answered."),
    Action.SEALED_EVIDENCE_EXPORTED: gettext_lazy("{who} took out sealed evidence."),
}
# Why a payment moved, by its reason; a test holds it to all there are.
MOVES: Words = {
    "RECORDED": gettext_lazy("The payment was recorded; the bank is being asked."),
    "NOT_SEEN_YET": gettext_lazy("The bank did not show the payment yet."),
    "MATCHED": gettext_lazy("The bank confirmed the payment: the money is ours."),
    "AMOUNT_DIFFERS": gettext_lazy(
        "The bank showed another amount; a person has to decide."
    ),
    "CURRENCY_DIFFERS": gettext_lazy(
        "The bank showed another currency; a person has to decide."
    ),
    "DATE_DIFFERS": gettext_lazy(
        "The bank showed another date; a person has to decide."
    ),
    "AMOUNT_UNSTATED": gettext_lazy(
        "No amount had been stated; a person has to compare and decide."
    ),
    "SEVERAL_CREDITS": gettext_lazy(
        "Several credits of the bank fit; a person has to decide."
    ),
    "CREDIT_ALREADY_USED": gettext_lazy(
        "The credit the bank showed already pays another payment; a person has to"
        " decide."
    ),
    "QUESTION_REFUSED": gettext_lazy(
        "The bank refused the data as malformed; a person has to decide."
    ),
    "NOT_SEEN": gettext_lazy("The bank never showed the payment before the deadline."),
    "BANK_UNREACHABLE": gettext_lazy("The bank had not answered for a while."),
    "BANK_BACK": gettext_lazy("The bank answered again."),
    "SECOND_APPROVAL": gettext_lazy("The payment waits for a second person."),
    "APPROVED": gettext_lazy("{who} approved the payment: the money is ours."),
    "REJECTED": gettext_lazy("{who} refused the payment."),
    "REOPENED": gettext_lazy(
        "{who} corrected the payment and had the bank asked again."
    ),
    "WITHDRAWN": gettext_lazy("{who} withdrew the payment."),
    "DELETED": gettext_lazy("{who} deleted the payment."),
}


@dataclass(frozen=True)
class Told:
    """One record as it was sealed, and its sentence in each language."""

    record: dict[str, object]
    sentences: dict[str, str]

    def as_json(self) -> dict[str, object]:
        return {"record": self.record, **self.sentences}


def story(entries: Iterable[bytes]) -> list[Told]:
    """Tell sealed entries in their order; who acted is looked up now."""
    records = [_record(entry) for entry in entries]
    people = (each.get(name) for each in records for name in ("actor", "on_behalf_of"))
    names = names_of(people)
    return [Told(each, _in_each_language(each, names)) for each in records]


def as_pdf(*, title: str, sentences: Iterable[str], rests_on: Iterable[str]) -> bytes:
    """The story on paper, in the language that is active.

    `rests_on` says under which checkpoint, and who signed it.
    """
    no_evidence = _(
        "To be read; no evidence itself. Evidence are the records and proofs in the"
        " same bundle, which verify.py checks."
    )
    parts: list[Part] = [Small(no_evidence), *sentences, *map(Small, rests_on)]
    return paper.pdf(title=title, parts=parts, foot=settings.APP_NAME)


def _record(entry: bytes) -> dict[str, object]:
    """What the bytes say; nothing where somebody has spoiled them."""
    try:
        said = json.loads(entry)
    except ValueError:
        return {}
    return said if isinstance(said, dict) and said.keys() >= _TOLD else {}


def _in_each_language(
    record: dict[str, object], names: dict[str, str]
) -> dict[str, str]:
    told = {}
    for language in LANGUAGES:
        with translation.override(language):
            told[language] = _dated(record, names)
    return told


def _dated(record: dict[str, object], names: dict[str, str]) -> str:
    if not record:
        return _(
            "The bytes of this record cannot be read: they are not what was sealed."
        )
    at = datetime.fromisoformat(str(record["at"])).astimezone(CARACAS)
    whom = record.get("on_behalf_of")
    what = sentence(
        str(record["action"]),
        facts_of(str(record["facts"])),
        who=who_is(record["actor"], names),
        whom=who_is(whom, names) if whom else "",
    )
    return _("On %(day)s at %(time)s: %(what)s") % {
        "day": date_format(at, "DATE_FORMAT"),
        "time": at.strftime("%H:%M"),
        "what": what,
    }


def sentence(action: str, facts: dict[str, object], *, who: str, whom: str = "") -> str:
    """What somebody did, and for whom, in the language that is active."""
    what = _form(action, facts)
    if whom:
        what = " ".join([what, _("The system did it on behalf of {whom}.")])
    # `.replace`, because a name or a fact may hold braces of its own.
    for name, told in {"amount": _amount(facts), "who": who, "whom": whom}.items():
        what = what.replace(f"{{{name}}}", told)
    return what


def who_is(actor: object, names: dict[str, str]) -> str:
    """His name, or why there is none."""
    gone = _("somebody whose account is gone") if actor else _("nobody signed in")
    return names.get(str(actor), gone)


def _form(action: str, facts: dict[str, object]) -> str:
    by_reason = action == Action.TRANSACTION_MOVED
    found = MOVES.get(str(facts.get("reason"))) if by_reason else _ACTIONS.get(action)
    if found:
        return str(found)
    known = dict(Action.choices)
    return "{who}: %s." % known.get(action, action)  # noqa: UP031 (braces are ours)


def _amount(facts: dict[str, object]) -> str:
    amount = amount_in(facts)
    if not amount:
        return _("an amount nobody stated")
    return money(amount, str(facts.get("currency") or BOLIVAR))
