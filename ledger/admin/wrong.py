"""What a proof found wrong, in words, with the pages on which to look further."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ledger.admin.causes import CAUSES, Key, Told, ids, told
from ledger.models import Account, Proof, Transfer
from ledger.services.reversal import CAUSE
from ledger.templatetags.book_words import short

_KINDS: dict[str, str | Promise] = {
    "account_not_as_in_chart": _("An owner's account is not as its heading has it"),
    "account_unknown": _("A transfer names an account that does not exist"),
    "account_without_balance": _("An account has no balance, or a heading has one"),
    "balance_is_not_the_last": _("A balance is not what the last entry left"),
    "balance_is_not_the_sum": _("A balance is not the sum of its entries"),
    "balance_not_as_its_account": _(
        "A balance has another currency, side or limit than its account"
    ),
    "booked_in_a_closed_month": _("Booked in a month that was closed"),
    "cause_unknown": _("Transfers of a cause that nobody vouches for"),
    "ceiling_crossed": _("A balance went above its ceiling"),
    "currencies_mixed": _("A transfer mixes currencies"),
    "debits_are_not_credits": _("Debits are not credits"),
    "floor_crossed": _("A balance went below its floor"),
    "guard_missing": _("A guard of the tables is missing"),
    "held_is_not_the_sum": _("What is held is not the sum of the open holds"),
    "hold_posted_otherwise": _("A hold was posted otherwise than it says"),
    "key_not_once": _("A key stands for more than one transfer"),
    "legs_unsound": _("The entries do not follow one another"),
    "limits_not_as_journaled": _(
        "An account has other limits than the journal says it was opened with"
    ),
    "month_not_as_journaled": _(
        "A month was closed or reopened otherwise than the journal says"
    ),
    "not_as_journaled": _("The books and the journal disagree"),
    "partition_unfinished": _("The books were not cut to the end"),
    "posted_without_its_hold": _("A transfer of a hold that does not know of it"),
    "reversed_too_much": _("More was taken back than had been booked"),
    "reversal_not_as_caused": _("A reversal that does not say what it takes back"),
    "reverses_no_such_transfer": _("A reversal of no transfer between its accounts"),
    "running_balance_wrong": _("An entry left another balance than it should"),
    "sequence_broken": _("Entries of an account are missing or double"),
    "time_runs_backwards": _("An entry is dated before the one it follows"),
    "without_cause": _("A transfer without a cause"),
}


# What the proof says beside some of them.
_SEEN: dict[str, str | Promise] = {
    "not in the books": _("it is not in the books"),
    "not in the journal": _("it is not in the journal"),
}


@dataclass(frozen=True)
class Wrong:
    words: str | Promise
    subject: Told
    detail: Told


def wrong_with(request: HttpRequest, proof: Proof) -> list[Wrong]:
    """The first things that the proof found; rooms above name what they have found
    themselves (`Cause.faults`)."""
    theirs = {kind: cause for cause, each in CAUSES.items() for kind in each.faults}
    words = _KINDS | {kind: CAUSES[at].faults[kind] for kind, at in theirs.items()}
    known = _named(request, {text for _, *seen in proof.findings for text in seen})
    known |= _told_of(
        request,
        [(theirs[kind], pk) for kind, pk, _ in proof.findings if kind in theirs],
    )
    return [
        Wrong(words.get(kind, kind), _told(subject, known), _told(detail, known))
        for kind, subject, detail in proof.findings
    ]


def _told_of(request: HttpRequest, causes: list[Key]) -> dict[str, Told]:
    return {pk: each for (_kind, pk), each in told(request, causes).items()}


def _told(text: str, known: dict[str, Told]) -> Told:
    """The words of an id, or of a leg, which is written `<account>/<number>`."""
    pk, _, number = text.partition("/")
    if pk not in known:
        return Told(str(_SEEN.get(text, text)))
    if not number:
        return known[pk]
    words = gettext("%(account)s, entry %(number)s")
    return Told(
        words % {"account": known[pk].words, "number": number}, url=known[pk].url
    )


def _named(request: HttpRequest, texts: set[str]) -> dict[str, Told]:
    """The accounts and the transfers among what was seen."""
    keys = [*ids(text.partition("/")[0] for text in texts)]
    transfers = Transfer.objects.filter(pk__in=keys).values_list("pk", flat=True)
    accounts = Account.objects.filter(pk__in=keys)
    return _told_of(request, [(CAUSE, str(pk)) for pk in transfers]) | {
        str(each.pk): Told(
            f"{short(each.code)} {each.name}",
            reverse("admin:ledger_account_change", args=[each.pk]),
        )
        for each in accounts
    }
