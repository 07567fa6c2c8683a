"""The sandbox bank as a test holds it: a process of its own, spoken to over HTTP."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests

ACCOUNT = "01340000880000000007"
RIF = "J305959102"


@dataclass
class Bank:
    """Its controls, and the settings that point our gateway at it."""

    url: str

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "TOKEN_URL": f"{self.url}/auth/realms/realm-api-prd"
            "/protocol/openid-connect/token",
            "QUERY_URL": f"{self.url}/financial-account/transactions",
            "CLIENT_ID": "sandbox",
            "CLIENT_SECRET": "sandbox-secret",
            "USERNAME": "sandbox",
            "PASSWORD": "sandbox-secret",
            "ACCOUNT_ID": ACCOUNT,
            "RIF": RIF,
            "API_URL": f"{self.url}/simple",
            "API_KEY": "sandbox-key",
        }

    def _call(self, method: str, path: str, body: object = None) -> Any:
        answer = requests.request(
            method, f"{self.url}/sandbox{path}", json=body, timeout=10
        )
        answer.raise_for_status()
        return answer.json()

    def empty(self) -> None:
        self._call("DELETE", "")
        self._call("DELETE", "/faults")
        self.set(flavour="production", latency_ms=0, max_per_minute=0)

    def set(self, **settings: object) -> None:
        self._call("PUT", "/settings", settings)

    def add(self, **movement: object) -> dict[str, Any]:
        """Let money arrive; see the sandbox for the fields."""
        stored: dict[str, Any] = self._call("POST", "/movements", movement)
        return stored

    def wait_open(self) -> None:
        """After a `refuse`: until somebody listens again."""
        patience_ends = time.monotonic() + 30
        while True:
            try:
                self._call("GET", "/health")
            except requests.ConnectionError:
                assert time.monotonic() < patience_ends, "the bank's door stays shut"
                time.sleep(0.05)
            else:
                return

    def fail(self, mode: str, **fault: object) -> None:
        self._call("POST", "/faults", {"mode": mode, **fault})

    def heal(self) -> None:
        self._call("DELETE", "/faults")

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The queries it got, oldest first."""
        asked = self._call("GET", "/requests")["requests"]
        return [each for each in asked if each["kind"] == "query"]

    @property
    def most_at_once(self) -> int:
        return int(self._call("GET", "/requests")["max_simultaneous"])


@contextmanager
def start_bank() -> Iterator[Bank]:
    """Run the sandbox bank on a free port until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "banking.sandbox", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **{key: value for key, value in os.environ.items() if "SANDBOX" not in key},
            "SANDBOX_FLAVOUR": "production",
            "SANDBOX_ACCOUNT": ACCOUNT,
            "SANDBOX_RIF": RIF,
            "SANDBOX_CLIENT_ID": "sandbox",
            "SANDBOX_CLIENT_SECRET": "sandbox-secret",
        },
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield Bank(url=line.split()[-1])
    finally:
        process.terminate()
        process.wait(timeout=10)
