"""A real sandbox bank in its own process, and a client that speaks as our gateway."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).resolve().parents[3]
ACCOUNT = "01340000880000000007"
DAY = "2026-03-14"
TOKEN = {
    "qa": "/auth/realms/realm-api-qa/protocol/openid-connect/token",
    "production": "/auth/realms/realm-api-prd/protocol/openid-connect/token",
}
QUERY = {
    "qa": "/transactions/financial-account/transactions",
    "production": "/financial-account/transactions",
}
PASSWORD_GRANT = {
    "grant_type": "password",
    "client_id": "sandbox",
    "client_secret": "sandbox-secret",
    "username": "sandbox",
    "password": "sandbox-secret",
}


class Bank:
    """One running sandbox, asked over real HTTP."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.flavour = "qa"
        self.token = ""

    def control(self, method: str, path: str, body: object = None) -> requests.Response:
        return self.http.request(
            method, f"{self.url}/sandbox{path}", json=body, timeout=10
        )

    def become(self, **settings: object) -> None:
        assert self.control("PUT", "/settings", settings).status_code == 200
        self.flavour = str(settings.get("flavour", self.flavour))

    def write(self, **movement: object) -> Any:
        answer = self.control("POST", "/movements", movement)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def spoil(self, mode: str, **how: object) -> Any:
        answer = self.control("POST", "/faults", {"mode": mode, **how})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def log_in(self, **changed: str) -> requests.Response:
        form = {**PASSWORD_GRANT, **changed}
        url = self.url + TOKEN[self.flavour]
        answer = self.http.post(url, data=form, timeout=10)
        if answer.ok:
            self.token = answer.json()["access_token"]
        return answer

    def send(
        self, body: object, *, token: str | None = None, timeout: float = 10
    ) -> requests.Response:
        bearer = {"Authorization": f"Bearer {self.token if token is None else token}"}
        url = self.url + QUERY[self.flavour]
        return self.http.post(url, json=body, headers=bearer, timeout=timeout)

    def ask(self, **block: object) -> requests.Response:
        """Ask about one transaction block, with a token."""
        if not self.token:
            self.log_in()
        return self.send(envelope(block))

    def requests(self) -> list[Any]:
        found: list[Any] = self.control("GET", "/requests").json()["requests"]
        return found


def envelope(block: object) -> dict[str, object]:
    device = {"type": "Server", "description": "tests", "ipAddress": "127.0.0.1"}
    return {"dataRequest": {"device": device, "transaction": block}}


def verdict(answer: requests.Response) -> tuple[int, str]:
    """HTTP status, and the envelope's code as a careful client reads it."""
    return answer.status_code, str(answer.json()["httpStatus"]["statusCode"]).strip()


def rows(answer: requests.Response) -> Any:
    return answer.json()["dataResponse"]["transactionDetail"]


def environment(**extra: str) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SANDBOX_", "DJANGO_", "ENVIRONMENT"))
    }
    return {**kept, **extra}


def start(*arguments: str, **extra: str) -> Bank:
    process = subprocess.Popen(
        [sys.executable, "-m", "banking.sandbox", "--port", "0", *arguments],
        cwd=ROOT,
        env=environment(**extra),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    spoken = re.fullmatch(
        r"sandbox bank listening on (http://127\.0\.0\.1:\d+)\n", line
    )
    assert spoken, line
    return Bank(process, spoken[1])


def stop(bank: Bank) -> int:
    bank.http.close()
    bank.process.terminate()
    code = bank.process.wait(timeout=20)
    assert bank.process.stdout is not None
    bank.process.stdout.close()
    return code


@pytest.fixture
def start_bank() -> Iterator[Callable[..., Bank]]:
    """Start further banks, each stopped when the test ends."""
    started: list[Bank] = []

    def begin(*arguments: str, **extra: str) -> Bank:
        started.append(start(*arguments, **extra))
        return started[-1]

    yield begin
    for bank in started:
        if bank.process.poll() is None:
            stop(bank)


@pytest.fixture(scope="session")
def running_bank() -> Iterator[Bank]:
    bank = start()
    yield bank
    assert stop(bank) == 0


@pytest.fixture
def sandbox(running_bank: Bank) -> Bank:
    """The one bank of this session, emptied and behaving as QA."""
    running_bank.control("DELETE", "")
    running_bank.token = ""
    running_bank.become(flavour="qa", latency_ms=0, max_per_minute=0, token_seconds=300)
    return running_bank


def wait_until(is_so: Callable[[], bool], *, seconds: float = 20) -> None:
    patience_ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < patience_ends, "it never came true"
        time.sleep(0.02)
