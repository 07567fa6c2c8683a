"""Cashiers who go on recording whatever happens, and remember what they were promised.

Each sends a claim again, under the same idempotency key, until it is acknowledged; some
press the button twice. What is acknowledged must be there afterwards, once.
"""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.storms.claims import PRICE, arrive, money, reference
from tests.storms.whole_house import CASHIER, WholeHouse
from tests.transactions.bodies import mobile

_GIVE_UP = 150


@dataclass
class Promised:
    """One claim: its number, what should become of it, and how it was acknowledged."""

    number: int
    outcome: str
    answers: set[str] = field(default_factory=set)
    is_refused: bool = False
    tries: int = 0


class Tills:
    """`number` cashiers, each recording about once every `pace` seconds."""

    def __init__(
        self, house: WholeHouse, *, number: int, pace: float, dice: random.Random
    ) -> None:
        self.house = house
        self.number = number
        self.pace = pace
        self.dice = dice
        self.promised: list[Promised] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._pool = ThreadPoolExecutor(2 * number)
        self._work: list[Any] = []
        self._token = self._sign_in()

    def open(self) -> None:
        self._work = [self._pool.submit(self._stand) for _ in range(self.number)]

    def close(self) -> None:
        """No new claims; those begun are sent until they are acknowledged."""
        self._closing.set()
        for each in self._work:
            each.result(_GIVE_UP + 30)
        self._pool.shutdown()

    @property
    def acknowledged(self) -> list[Promised]:
        return [each for each in self.promised if each.answers]

    def _sign_in(self) -> str:
        email, password = CASHIER
        answer = requests.post(
            f"{self.house.address}/auth/login",
            json={"email": email, "password": password},
            timeout=30,
        )
        token: str = answer.json()["access_token"]
        return token

    def _stand(self) -> None:
        while not self._closing.is_set():
            with self._lock:
                claim = self._next()
                twice = self.dice.random() < 0.3
                pause = self.pace * self.dice.uniform(0.5, 1.5)
            twin = self._pool.submit(self._insist, claim) if twice else None
            self._insist(claim)
            if twin:
                twin.result()
            self._closing.wait(pause)

    def _next(self) -> Promised:
        """The money comes within moments; one in ten patients sent a cent less."""
        number = len(self.promised)
        is_short = self.dice.random() < 0.1
        claim = Promised(number, "TO_REVIEW" if is_short else "COMPLETED")
        self.promised.append(claim)
        row = money(
            number,
            amount="2350.74" if is_short else PRICE,
            visible_after_seconds=self.dice.choice([0, 0, 2, 6]),
        )
        arrive(self.house.bank, [row])
        return claim

    def _insist(self, claim: Promised) -> None:
        deadline = time.monotonic() + _GIVE_UP
        while time.monotonic() < deadline and not self._sent(claim):
            time.sleep(0.5)

    def _sent(self, claim: Promised) -> bool:
        claim.tries += 1
        try:
            answer = requests.post(
                f"{self.house.address}/transactions/partial-reference",
                json=mobile(reference_number=reference(claim.number)),
                headers={
                    "Authorization": f"Bearer {self._token}",
                    "Idempotency-Key": f"claim-{claim.number}",
                },
                timeout=10,
            )
        except requests.RequestException:
            return False
        if answer.status_code in (200, 201):
            claim.answers.add(answer.json()["id"])
            return True
        # Anything but "try again" would be a promise broken.
        claim.is_refused = answer.status_code not in (409, 429, 500, 502, 503)
        return claim.is_refused
