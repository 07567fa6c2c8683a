"""A clock must not tell which accounts exist: sign-ins of four kinds, interleaved."""

import math
import time
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User

pytestmark = [pytest.mark.soak, pytest.mark.django_db]

ROUNDS = 40


def mann_whitney(one: list[float], two: list[float]) -> tuple[float, float]:
    """(p, AUC) of the U test, by the normal approximation; clocks give no ties."""
    ranks = {value: rank for rank, value in enumerate(sorted([*one, *two]), 1)}
    n, m = len(one), len(two)
    u = sum(ranks[value] for value in one) - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2)), u / (n * m)


def test_the_measure_itself() -> None:
    apart = mann_whitney([float(x) for x in range(30)], [x + 100.0 for x in range(30)])
    assert apart[0] < 1e-9
    assert apart[1] == 0.0
    mixed = mann_whitney(
        [float(x) for x in range(0, 80, 2)], [x + 1.0 for x in range(0, 80, 2)]
    )
    assert mixed[0] > 0.5
    assert 0.4 < mixed[1] < 0.6


def test_a_clock_tells_no_account(person: Any, settings: Any) -> None:
    # The real hasher: its time is what would tell.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    settings.AXES_FAILURE_LIMIT = 10_000
    person("real", "cashier")
    person("inactive", "cashier", is_active=False)
    unusable = person("unusable", "cashier")
    unusable.set_unusable_password()
    unusable.save()
    client = APIClient()

    def seconds(name: str) -> float:
        body = {"email": f"{name}@clinica.test", "password": "wrong"}
        began = time.perf_counter()
        answer = client.post("/api/v1/auth/login", body, format="json")
        taken = time.perf_counter() - began
        assert answer.status_code == 401
        return taken

    names = ("unknown", "real", "inactive", "unusable")
    times: dict[str, list[float]] = {name: [] for name in names}
    for round_number in range(ROUNDS + 3):
        for name in names:
            taken = seconds(name)
            if round_number >= 3:  # caches are warm by then
                times[name].append(taken)
    for name in names[1:]:
        p, area = mann_whitney(times["unknown"], times[name])
        assert p >= 1e-3 or 0.4 <= area <= 0.6, (name, p, area)
    assert User.objects.filter(email="unknown@clinica.test").count() == 0


def test_a_clock_tells_no_mailbox(person: Any, settings: Any) -> None:
    person("real", "cashier")
    client = APIClient()
    times: dict[str, list[float]] = {"unknown": [], "real": []}
    for round_number in range(ROUNDS * 3):
        for name, taken in times.items():
            body = {"email": f"{name}@clinica.test"}
            began = time.perf_counter()
            client.post("/api/v1/auth/password-reset", body, format="json")
            if round_number >= 10:
                taken.append(time.perf_counter() - began)
    p, area = mann_whitney(times["unknown"], times["real"])
    assert p >= 1e-3 or 0.4 <= area <= 0.6, (p, area)
