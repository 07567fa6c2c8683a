"""Who is erased is found nowhere, and books, journal and seal still agree."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import IntegrityError
from django.db.transaction import atomic

from accounts.models import User
from areamedica.api.models import StoredAnswer
from areamedica.errors import Refusal
from audit.law import shredding
from audit.models import Record, SubjectKey
from audit.replay import PROJECTIONS, replay
from audit.seal.sealing import seal
from audit.seal.verification import verify
from banking.models import BankQuestion
from ledger.services.proof import prove
from tests.bank import Bank
from tests.journaled import staged
from tests.privacy.people import (
    DOCUMENT,
    NAME,
    PHONE,
    TRACES,
    approved,
    asked_for,
    dump,
    paid,
)
from tests.together import codes, together
from tests.transactions.desk import asked, recorded
from transactions.models import ErasureRequest, Ground, Transaction
from transactions.services.books import unbooked
from transactions.services.erase import (
    carry_out,
    request_erasure,
    withdraw_erasure,
)

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]


@pytest.fixture
def pia(person: Any) -> User:
    """An administrator; so is `root`."""
    return person("pia", "admin")  # type: ignore[no-any-return]


def traces(text: str) -> set[str]:
    return {trace for trace in TRACES if trace.casefold() in text.casefold()}


def test_an_erased_person_is_nowhere_and_everything_agrees(
    ana: User, ruben: User, root: User, pia: User, bank: Bank, person: Any
) -> None:
    row, second = paid(ana, bank), approved(ana, ruben, bank)
    patient = person("canario", "user", national_id=DOCUMENT, phone=PHONE)
    with staged():
        User.objects.filter(pk=patient.pk).update(full_name=NAME)
    StoredAnswer.objects.create(
        principal="x",
        key="k",
        fingerprint="f",
        body=f'{{"id":"{row.pk}","n":"{NAME}"}}',
    )
    request = asked_for(root)
    seal()
    assert traces(dump()) == set(TRACES)
    done = carry_out(request_id=request.pk, actor=pia)
    assert traces(dump()) == set()
    assert {**done.answer, "kept": 0} == {
        "transactions": 2,
        "keys": 1,
        "questions": BankQuestion.objects.filter(
            subject__in=[row.pk, second.pk]
        ).count(),
        "answers": 1,
        "accounts": 1,
        "of_others": 0,
        "kept": 0,
    }
    seal()
    assert [str(each) for each in verify().findings] == []
    rebuilt = [replay(projection) for projection in PROJECTIONS.values()]
    assert [each and each.differences for each in rebuilt] == ["[]"] * len(PROJECTIONS)
    assert (prove()[1], unbooked()) == ([], [])
    kept = Transaction.objects.get(pk=second.pk)
    assert (kept.status, str(kept.amount), kept.reference) == (
        "COMPLETED",
        "2350.74",
        "000012417729",
    )
    assert (kept.decided_by, kept.details["trnDate"]) == (ruben, row.details["trnDate"])
    last = kept.events.last()
    assert last is not None
    assert (last.note, last.note_is_erased) == ("", True)
    patient.refresh_from_db()
    assert (patient.is_active, patient.has_usable_password()) == (False, False)
    noted = Record.objects.get(action="privacy.subject_erased")
    assert (noted.actor_id, noted.subject_id) == (pia.pk, str(request.pk))


def test_money_of_somebody_erased_is_not_paid_twice(
    ana: User, root: User, pia: User, bank: Bank
) -> None:
    row = paid(ana, bank)
    carry_out(request_id=asked_for(root).pk, actor=pia)
    again = asked(
        recorded(
            ana,
            customer_full_name="Otra Persona",
            customer_document="V11111111",
            payer_phone=PHONE,
        )
    )
    assert (again.status, again.status_reason) == ("TO_REVIEW", "CREDIT_ALREADY_USED")
    assert Transaction.objects.get(pk=row.pk).status == "COMPLETED"


def test_a_second_person_carries_it_out(
    ana: User, root: User, pia: User, bank: Bank
) -> None:
    paid(ana, bank)
    request = asked_for(root)
    with pytest.raises(Refusal, check=lambda it: it.code == "OWN_REQUEST"):
        carry_out(request_id=request.pk, actor=root)
    with pytest.raises(IntegrityError, match="erasure_by_a_second_person"), atomic():
        ErasureRequest.objects.filter(pk=request.pk).update(
            outcome="ERASED",
            closed_by=root,
            closed_at=request.requested_at,
            document="",
            phone="",
            why="",
        )
    with pytest.raises(IntegrityError, match="erasure_closed_names_nobody"), atomic():
        ErasureRequest.objects.filter(pk=request.pk).update(
            outcome="ERASED", closed_by=pia, closed_at=request.requested_at
        )
    assert Transaction.objects.get().customer_full_name == NAME


@pytest.mark.parametrize("role", ["cashier", "support", "reviewer", "auditor"])
def test_nobody_else_asks_erases_or_withdraws(
    ana: User, root: User, person: Any, bank: Bank, role: str
) -> None:
    paid(ana, bank)
    request, visitor = asked_for(root), person("visitor", role)
    before = Record.objects.count()
    for act in (
        lambda: asked_for(visitor),
        lambda: carry_out(request_id=request.pk, actor=visitor),
        lambda: withdraw_erasure(request_id=request.pk, actor=visitor),
    ):
        with pytest.raises(Refusal, check=lambda it: it.code == "FORBIDDEN"):
            act()
    assert Record.objects.count() == before
    assert Transaction.objects.get().customer_full_name == NAME


def test_an_open_claim_is_in_the_way(
    ana: User, root: User, pia: User, bank: Bank
) -> None:
    paid(ana, bank)
    recorded(
        ana,
        customer_full_name=NAME,
        customer_document=DOCUMENT,
        reference="000000999999",
    )
    request = asked_for(root)
    with pytest.raises(Refusal, check=lambda it: it.code == "CLAIMS_OPEN") as told:
        carry_out(request_id=request.pk, actor=pia)
    assert told.value.facts == {"open": 1}
    assert Transaction.objects.filter(customer_full_name=NAME).count() == 2


def test_an_answer_of_the_bank_that_may_still_come_is_waited_for(
    ana: User, root: User, pia: User, bank: Bank
) -> None:
    row = paid(ana, bank)
    one = BankQuestion.objects.filter(subject=row.pk).latest("asked_at")
    BankQuestion.objects.create(
        subject=row.pk,
        bank=one.bank,
        modality=one.modality,
        shape=one.shape,
        patience=one.patience,
        request={},
    )
    with pytest.raises(Refusal, check=lambda it: it.code == "BANK_BEING_ASKED"):
        carry_out(request_id=asked_for(root).pk, actor=pia)


def test_a_family_phone_alone_names_nobody(ana: User, root: User, bank: Bank) -> None:
    paid(ana, bank)
    recorded(
        ana,
        customer_document="V11111111",
        customer_phone=PHONE,
        reference="000000999999",
    )
    with pytest.raises(Refusal, check=lambda it: it.code == "SEVERAL_PEOPLE"):
        asked_for(root, document="")
    with pytest.raises(Refusal, check=lambda it: it.code == "NOBODY_NAMED"):
        asked_for(root, document="", phone="")
    with pytest.raises(Refusal, check=lambda it: it.code == "NOTHING_HELD"):
        asked_for(root, document="V99999999", phone="")


def test_a_phone_names_the_person_and_the_others_with_it_are_counted(
    ana: User, root: User, pia: User, bank: Bank
) -> None:
    row = paid(ana, bank)
    request = asked_for(root, document="")
    assert request.document == DOCUMENT
    other = recorded(
        ana,
        customer_document="V11111111",
        customer_phone=PHONE,
        reference="000000999999",
    )
    done = carry_out(request_id=request.pk, actor=pia)
    assert (done.answer["transactions"], done.answer["of_others"]) == (1, 1)
    other.refresh_from_db()
    row.refresh_from_db()
    assert (other.customer_phone, row.customer_phone) == (PHONE, "")


def test_what_is_closed_stays_closed(
    ana: User, root: User, pia: User, bank: Bank
) -> None:
    paid(ana, bank)
    request = asked_for(root)
    withdraw_erasure(request_id=request.pk, actor=root)
    request.refresh_from_db()
    assert (request.document, request.phone, request.why) == ("", "", "")
    with pytest.raises(Refusal, check=lambda it: it.code == "REQUEST_CLOSED"):
        carry_out(request_id=request.pk, actor=pia)
    with pytest.raises(Refusal, check=lambda it: it.code == "REQUEST_NOT_FOUND"):
        carry_out(request_id=uuid4(), actor=pia)
    assert Transaction.objects.get().customer_full_name == NAME


def test_two_people_carry_out_the_same_request_once(
    ana: User, ruben: User, root: User, pia: User, person: Any, bank: Bank
) -> None:
    approved(ana, ruben, bank)
    request, third = asked_for(root), person("tito", "admin")
    done = together(
        lambda: carry_out(request_id=request.pk, actor=pia).outcome,
        lambda: carry_out(request_id=request.pk, actor=third).outcome,
    )
    assert codes(done) == ["ERASED", "REQUEST_CLOSED"]
    assert Record.objects.filter(action="privacy.subject_erased").count() == 1


def test_an_erasure_in_the_middle_of_a_verification(
    ana: User, ruben: User, root: User, pia: User, bank: Bank
) -> None:
    approved(ana, ruben, bank)
    request = asked_for(root)
    seal()
    found = together(
        lambda: carry_out(request_id=request.pk, actor=pia).outcome,
        *[lambda: [str(each) for each in verify().findings]] * 3,
    )
    assert found == ["ERASED", [], [], []]


# --- Keys ----------------------------------------------------------------------------


def test_a_note_is_read_by_its_key_in_its_place_alone(
    ana: User, ruben: User, bank: Bank
) -> None:
    row = approved(ana, ruben, bank)
    event = row.events.exclude(note_key=None).get()
    assert event.note == "Es Canario Inolvidable"
    key = event.note_key
    with pytest.raises(shredding.KeyLost):
        shredding.unlock(event.locked_note, key=key, place="elsewhere")
    other, place = shredding.new_key(), f"transactions.note {row.pk}"
    with pytest.raises(shredding.KeyLost):
        shredding.unlock(event.locked_note, key=other, place=place)


def test_a_transaction_has_one_key(ana: User, ruben: User, bank: Bank) -> None:
    row = approved(ana, ruben, bank)
    with staged(), atomic():
        row.tell(was=None, reason=row.status_reason, actor_id=ruben.pk, note="Otra")
    assert [each.note for each in row.events.exclude(note_key=None)][-1] == "Otra"
    assert SubjectKey.objects.count() == 1


def test_a_new_privacy_key_wraps_what_the_old_one_wrapped(
    ana: User, ruben: User, bank: Bank, settings: Any
) -> None:
    row = approved(ana, ruben, bank)
    event = row.events.exclude(note_key=None).select_related("note_key").get()
    settings.PRIVACY_KEYS = [
        "another-key-of-more-than-32-characters",
        *settings.PRIVACY_KEYS,
    ]
    assert event.note == "Es Canario Inolvidable"
    call_command("wrap_privacy_keys")
    wrapped = Record.objects.get(action="privacy.keys_wrapped")
    assert wrapped.facts == '{"keys":1}'
    settings.PRIVACY_KEYS = settings.PRIVACY_KEYS[:1]
    event.note_key.refresh_from_db()
    assert event.note == "Es Canario Inolvidable"
    settings.PRIVACY_KEYS = ["a-third-key-that-never-wrapped-anything"]
    with pytest.raises(shredding.KeyLost):
        _ = event.note


@staged()
def test_a_destroyed_key_has_nothing_left(db: None) -> None:
    key = shredding.new_key()
    key.save(force_insert=True)
    with pytest.raises(IntegrityError, match="destroyed_or_there"), atomic():
        SubjectKey.objects.update(wrapped=None)
    assert shredding.destroy([key.pk]) == 1
    assert shredding.destroy([key.pk]) == 0
    key.refresh_from_db()
    locked = {"s": "", "kc": "", "n": "", "c": ""}
    assert shredding.unlock(locked, key=key, place="x") is None


def test_an_order_of_an_authority_is_journaled_as_such(
    ana: User, root: User, bank: Bank
) -> None:
    paid(ana, bank)
    request_erasure(
        actor=root, document=DOCUMENT, phone="", ground=Ground.AUTHORITY, why="Oficio 7"
    )
    noted = Record.objects.get(action="privacy.erasure_asked")
    assert noted.facts == '{"ground":"AUTHORITY"}'
