"""What leaves the house as evidence, and who may take it."""

import json
import uuid
from typing import Any

import pytest

from areamedica.errors import Forbidden
from audit.models import Record
from banking import services
from banking.masking import mask, mask_numbers
from banking.models import BankQuestion
from tests.banking.test_budget import SUBJECT, spend

pytestmark = pytest.mark.django_db


def redacted(answer: str) -> object:
    spend()
    BankQuestion.objects.update(answer=answer)
    [trace] = services.evidence(SUBJECT)
    return trace["answer"]


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("", ""),
        ("<h1>Call 0212-5011111 or 04141234567</h1>", None),
        ('{"concept": "PAGO DE MARIA"}', {"concept": "*********ARIA"}),
        ('{"details": [{"x": 1234567}, null]}', {"details": [{"x": "****567"}, None]}),
        ('{"statusDesc": "Ref 123456789"}', {"statusDesc": "Ref *****6789"}),
        ('"text"', "**xt"),
    ],
)
def test_answers_are_redacted(answer: str, shown: object) -> None:
    if shown is None:
        shown = "<h1>Call 0212-****111 or *******4567</h1>"
    assert redacted(answer) == shown


def test_an_answer_nested_too_deeply_is_shown_as_text() -> None:
    assert redacted("[" * 5000) == "[" * 2000


def test_a_question_without_answer_is_evidence_too() -> None:
    spend()
    [trace] = services.evidence(SUBJECT)
    assert (trace["outcome"], trace["finished_at"]) == ("ASKED", None)


def test_nobody_asked_nothing_to_show() -> None:
    assert services.evidence(str(uuid.uuid4())) == []


def test_who_takes_it_out_is_journaled(root: Any) -> None:
    spend()
    assert len(services.export_evidence(subject=SUBJECT, actor=root)) == 1
    kept = Record.objects.get(action="banking.evidence_exported")
    assert (kept.actor_id, kept.subject_id) == (root.pk, SUBJECT)
    assert json.loads(kept.facts) == {"questions": 1}


def test_a_cashier_may_not(ana: Any) -> None:
    with pytest.raises(Forbidden):
        services.export_evidence(subject=SUBJECT, actor=ana)
    assert not Record.objects.filter(action="banking.evidence_exported").exists()


def test_masking_keeps_enough_to_recognise() -> None:
    assert mask("584141234567") == "********4567"
    assert mask("123456") == "***456"
    assert mask("1") == "*"
    assert mask("") == ""
    assert mask_numbers("ref 1234 and 12345") == "ref 1234 and ***45"
