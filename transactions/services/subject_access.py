"""Everything held about a person, to hand out to that person (FTX-7)."""

import io
import json
import zipfile
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.transaction import atomic
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from accounts.models import User
from areamedica import paper
from areamedica.clock import CARACAS
from areamedica.money import as_written_here
from areamedica.permissions import Permission
from audit.actions import Action
from audit.canonical import pseudonym
from audit.models import Record
from audit.services import record
from banking.models import BankQuestion
from ledger.amounts import from_minor
from ledger.models import Transfer
from transactions.books import CAUSE
from transactions.errors import NothingHeld
from transactions.models import Transaction
from transactions.services.subjects import Subject, subject_of

Told = dict[str, object]
_ACCOUNT = ("id", "email", "full_name", "phone", "national_id", "created_at")
_INNER = {"search", "search_text", "claim_key"}


@atomic
def export_subject(*, actor: User, document: str, phone: str, now: datetime) -> bytes:
    """A zip of `datos.json` and `datos.pdf` with all we hold of a person; journaled.

    :raises Forbidden: :raises NobodyNamed: :raises SeveralPeople: see `subject_of`.
    :raises NothingHeld: there is nothing.
    """
    actor.demand(Permission.PRIVACY_MANAGE)
    subject = subject_of(document=document, phone=phone)
    told = _everything(subject, now)
    claims = told["transactions"]
    assert isinstance(claims, list)
    if not claims and not told["accounts"]:
        raise NothingHeld
    record(
        Action.SUBJECT_EXPORTED,
        actor_id=actor.pk,
        subject=("person", pseudonym(subject.document or subject.phone)),
        facts={"transactions": len(claims)},
    )
    return _zipped(told, list(subject.claims().order_by("created_at")))


def _everything(subject: Subject, now: datetime) -> Told:
    claims = subject.claims().select_related("credit").order_by("created_at")
    return {
        "held_by": settings.APP_NAME,
        "country_of_the_data": settings.DATA_RESIDENCY,
        "made_at": now,
        "document": subject.document,
        "phone": subject.phone,
        "transactions": [_claim(each) for each in claims],
        "accounts": [
            {name: getattr(user, name) for name in _ACCOUNT}
            for user in subject.accounts()
        ],
    }


def _claim(claim: Transaction) -> Told:
    columns = {
        field.name: field.value_from_object(claim)
        for field in claim._meta.concrete_fields
        if field.name not in _INNER
    }
    credit = getattr(claim, "credit", None)
    return {
        **columns,
        "bank_credit": model_to_dict(credit) if credit else None,
        "history": [
            {
                "at": event.created_at,
                "from": event.old_status,
                "to": event.new_status,
                "reason": event.reason,
                "note": event.note,
            }
            for event in claim.events.select_related("note_key")
        ],
        "questions_to_the_bank": _rows(
            BankQuestion.objects.about(str(claim.pk)),
            ("asked_at", "outcome", "request", "answer"),
        ),
        "bookings": [
            {
                "at": booked.at,
                "effective": booked.effective,
                "amount": from_minor(booked.amount, claim.currency),
                "code": booked.code,
            }
            for booked in Transfer.objects.filter(
                cause_type=CAUSE, cause_id=str(claim.pk)
            )
        ],
        "journal": _rows(
            Record.objects.filter(
                subject_type="transaction", subject_id=str(claim.pk)
            ).order_by("pk"),
            ("at", "action", "facts"),
        ),
    }


def _rows(rows: Iterable[object], names: Iterable[str]) -> list[Told]:
    return [{name: getattr(row, name) for name in names} for row in rows]


def _zipped(told: Told, claims: list[Transaction]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        text = json.dumps(told, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
        bundle.writestr("datos.json", text)
        bundle.writestr("datos.pdf", _on_paper(told, claims))
    return packed.getvalue()


def _on_paper(told: Told, claims: list[Transaction]) -> bytes:
    head = [_("Recorded"), _("Patient"), _("Reference"), _("Amount"), _("Status")]
    rows = [[_day(each), *_cells(each)] for each in claims]
    made_at = told["made_at"]
    assert isinstance(made_at, datetime)
    return paper.pdf(
        title=_("What we hold about you"),
        parts=[
            _("Document: %(document)s. Phone: %(phone)s.")
            % {"document": told["document"] or "—", "phone": told["phone"] or "—"},
            _("The data stand in this country: %(country)s.")
            % {"country": settings.DATA_RESIDENCY},
            _("The file datos.json holds every detail; this page sums it up."),
            paper.Heading(_("Transactions")),
            paper.Grid([head, *rows], (3, 6, 4, 4, 4)),
        ],
        foot=f"{settings.APP_NAME} · {made_at.astimezone(CARACAS):%d/%m/%Y %H:%M}",
    )


def _day(claim: Transaction) -> str:
    return f"{claim.created_at.astimezone(CARACAS):%d/%m/%Y}"


def _cells(claim: Transaction) -> list[str]:
    amount = claim.amount
    return [
        claim.customer_full_name,
        claim.reference,
        "—" if amount is None else f"{claim.currency} {as_written_here(amount)}",
        claim.get_status_display(),
    ]
