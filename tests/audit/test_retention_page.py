"""The page of retention: one asks, another agrees, a task prunes."""

from typing import Any

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from audit.models import Leaf, PruneRequest
from audit.seal.sealing import seal
from audit.tasks import prune
from tests.audit.test_retention import LATER, write

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.as_application,
]

PAGE = "/admin/audit/prunerequest/"


def test_nothing_young_is_pruned(back_office: Any, root: User) -> None:
    client = back_office(root)
    assert "10 años" in client.get(PAGE).content.decode()
    answer = client.post(f"{PAGE}ask/", {"why": "Espacio"})
    assert answer.status_code == 400
    assert "Ningún registro sellado tiene más de 10 años" in answer.content.decode()
    assert client.post(f"{PAGE}ask/", {"why": ""}).status_code == 400


def test_one_asks_another_agrees_and_it_is_pruned(
    back_office: Any, root: User, person: Any
) -> None:
    write(5)
    seal()
    pia = person("pia", "admin")
    with time_machine.travel(timezone.now() + LATER):
        first, second = back_office(root), back_office(pia)
        answer = first.post(f"{PAGE}ask/", {"why": "Diez años"}, follow=True)
        assert "Una segunda persona" in answer.content.decode()
        button = f"{PAGE}{PruneRequest.objects.get().pk}/approve/"
        assert button not in first.get(PAGE).content.decode()
        assert button in second.get(PAGE).content.decode()
        told = first.post(button, follow=True).content.decode()
        assert "Usted mismo lo pidió" in told
        second.post(button)
        assert "espera su sello" in second.get(PAGE).content.decode()
        seal()
        prune()
        assert "Depurado" in second.get(PAGE).content.decode()
    assert Leaf.objects.filter(entry=b"").count() == 5


def test_a_request_is_declined(back_office: Any, root: User) -> None:
    write(5)
    seal()
    with time_machine.travel(timezone.now() + LATER):
        client = back_office(root)
        client.post(f"{PAGE}ask/", {"why": "Diez años"})
        button = f"{PAGE}{PruneRequest.objects.get().pk}/decline/"
        assert "Rechazada" in client.post(button, follow=True).content.decode()
        assert "ya se cerró" in client.post(button, follow=True).content.decode()
