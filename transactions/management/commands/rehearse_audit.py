"""`manage.py rehearse_audit`: what an external auditor would find; 1 if anything."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import SYSTEM_ID
from transactions.services.rehearsal import Rehearsal, rehearse


class Command(BaseCommand):
    help = "Follows completed payments from bank to books to seal; 1 if one disagrees."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--sample", type=int, default=25, help="how many payments")
        parser.add_argument("--json", action="store_true")
        parser.add_argument("--language", choices=["es", "en"], default="es")

    def handle(self, *, sample: int, json: bool, language: str, **_: Any) -> None:
        done = rehearse(sample=sample, actor_id=SYSTEM_ID)
        with translation.override(language):
            self.stdout.write(_as_json(done) if json else _in_words(done))
        if done.findings or not done.payments:
            raise SystemExit(1)


def _as_json(done: Rehearsal) -> str:
    return json.dumps({"verdict": not done.findings, **asdict(done)}, indent=2)


def _in_words(done: Rehearsal) -> str:
    says = {
        "bank_never_showed_it": _("the bank never showed the money"),
        "no_credit": _("no credit of the bank is kept for it"),
        "credit_differs": _("the bank's credit is of another amount"),
        "not_booked": _("it is not in the books"),
        "booked_otherwise": _("the books say another amount or day"),
        "journal_lacks_it": _("the journal does not tell of it"),
        "decided_by_its_author": _("its author decided it himself"),
        "journal_names_another": _("the journal names another who decided"),
        "seal_does_not_hold": _("its seal does not hold for a stranger"),
    }
    lines = [f"{each.transaction}: {says[each.code]}" for each in done.findings]
    followed = _("%(n)d payments were followed from the bank to the seal.")
    lines.append(followed % {"n": done.payments})
    if not done.payments:
        lines.append(_("There was nothing to follow, so nothing is shown."))
    elif done.findings:
        lines.append(_("Verdict: the auditor would object."))
    else:
        lines.append(_("Verdict: an auditor would find nothing to object to."))
    return "\n".join(lines)
