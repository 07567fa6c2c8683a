"""One token for all, fetched by one at a time, and never shown."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as RedisGone

from banking.gateways.banesco import token, token_cache
from banking.reading import Outcome, Reading, Unanswered
from banking.resilience.deadline import Deadline
from tests.bank import Bank
from tests.banking.wire import raw, server_saying, text


@pytest.fixture(autouse=True)
def _no_token_of_another_test() -> None:
    cache.clear()
    token._shared = token_cache.TokenCache()
    token._shared._memory.clear()


def ask(seconds: float = 10) -> str:
    return token.token(Deadline(seconds))


def refusal(seconds: float = 10) -> Reading:
    with pytest.raises(Unanswered) as raised:
        ask(seconds)
    return raised.value.reading


def fetched(bank: Bank) -> list[dict[str, Any]]:
    calls = bank._call("GET", "/requests")["requests"]
    return [each for each in calls if each["kind"] == "token"]


def test_it_is_fetched_once_and_shared(bank: Bank) -> None:
    assert ask() == ask()
    assert len(fetched(bank)) == 1


def test_scope_and_user_are_sent_when_configured(bank: Bank, settings: Any) -> None:
    settings.BANESCO |= {"SCOPE": "CONSULTA DE TRANSACCIONES", "USERNAME": ""}
    ask()
    settings.BANESCO |= {"USERNAME": "somebody", "CLIENT_ID": "another"}
    assert refusal().outcome == Outcome.CREDENTIALS
    assert len(fetched(bank)) == 2


def test_threads_wait_for_the_one_who_fetches(bank: Bank) -> None:
    bank.set(latency_ms=300)
    with ThreadPoolExecutor(24) as pool:
        tokens = set(pool.map(lambda _: ask(), range(24)))
    assert len(tokens) == 1
    assert len(fetched(bank)) == 1


PROCESS = """
import sys, time
from django.conf import settings
settings.BANESCO.update(eval(sys.argv[1]))
from banking.gateways.banesco import token
from banking.resilience.deadline import Deadline
time.sleep(max(0, float(sys.argv[2]) - time.time()))
print(token.token(Deadline(20)))
"""


def test_processes_wait_for_the_one_who_fetches(bank: Bank) -> None:
    bank.set(latency_ms=1500)
    start_at = time.time() + 6
    arguments = [sys.executable, "-c", PROCESS, repr(bank.settings), str(start_at)]
    processes = [
        subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=os.environ)
        for _ in range(3)
    ]
    tokens = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert len(tokens) == 1
    assert "" not in tokens
    assert len(fetched(bank)) == 1


def test_who_gets_the_lock_too_late_takes_what_is_there(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = token._shared.add

    def add_late(key: str, text: str, *, seconds: int) -> bool:
        token._shared.put(token._key(), "fetched-by-another", seconds=60)
        return add(key, text, seconds=seconds)

    monkeypatch.setattr(token._shared, "add", add_late)
    assert ask() == "fetched-by-another"
    assert fetched(bank) == []


def test_a_dead_fetchers_lock_does_not_hold_others_for_ever(bank: Bank) -> None:
    cache.set(f"{token._key()}:lock", "a process that died", 1)
    assert ask()


def test_whoever_waits_in_vain_gives_up_in_time(bank: Bank) -> None:
    cache.set(f"{token._key()}:lock", "a process that hangs", 30)
    started = time.monotonic()
    reading = refusal(seconds=0.3)
    assert (reading.outcome, reading.fair) == (Outcome.TIMEOUT, False)
    assert time.monotonic() - started < 15


def test_whoever_waited_shares_the_trouble_and_spares_the_bank(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token, "TROUBLE_SECONDS", 30)
    bank.set(latency_ms=1500)
    bank.fail("down", path="token", calls=1)
    with ThreadPoolExecutor(8) as pool:
        readings = list(pool.map(lambda _: refusal(), range(8)))
    assert {reading.outcome for reading in readings} == {Outcome.DOWN}
    assert sum(reading.fair for reading in readings) == 1
    assert len(fetched(bank)) == 1


def test_whoever_gets_the_lock_of_one_who_failed_spares_the_bank_too(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, tries = token._shared.add, []
    lock = f"{token._key()}:lock"
    cache.set(lock, "another who asks", 30)

    def fail_before_the_second(key: str, text: str, *, seconds: int) -> bool:
        tries.append(key)
        if len(tries) == 2:
            token._shared.put(f"{token._key()}:trouble", "DOWN", seconds=30)
            cache.delete(lock)
        return add(key, text, seconds=seconds)

    monkeypatch.setattr(token._shared, "add", fail_before_the_second)
    reading = refusal()
    assert (reading.outcome, reading.fair) == (Outcome.DOWN, False)
    assert (tries, fetched(bank)) == ([lock] * 2, [])
    assert cache.get(lock) is None


def test_a_lone_process_may_try_again_at_once(bank: Bank) -> None:
    bank.fail("down", path="token", calls=1)
    assert refusal().outcome == Outcome.DOWN
    assert ask()


def test_a_refused_token_is_forgotten_but_not_its_successor(bank: Bank) -> None:
    old = ask()
    token.forget_token(old)
    new = ask()
    token.forget_token(old)
    assert new != old
    assert ask() == new


def test_without_redis_each_process_keeps_its_own(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    def gone(*args: object, **kwargs: object) -> None:
        tries.append("redis")
        raise RedisGone

    for name in ("get", "set", "add", "delete"):
        monkeypatch.setattr(RedisCache, name, gone)
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: ask(), range(8)))) == 1
    assert len(fetched(bank)) == 1
    assert len(tries) <= 8  # a dead Redis is left alone for a while


def saying(content: str) -> Any:
    return server_saying(text(content.encode(), b"Content-Type: application/json"))


@pytest.mark.parametrize(
    ("life", "shared_seconds"),
    [
        ("300", 240),
        ("120", 60),
        ("90", 45),
        ("2", 1),
        ("1", 1),
        ("0", 0),
        ('"300"', 240),
        ("null", 0),
        ("-5", 0),
        ('"soon"', 0),
        ("999999999", 3540),
    ],
)
def test_how_long_a_token_is_shared(
    life: str, shared_seconds: int, settings: Any
) -> None:
    with saying(f'{{"access_token": "abc", "expires_in": {life}}}') as url:
        settings.BANESCO = {**settings.BANESCO, "TOKEN_URL": url}
        assert token._fetch(Deadline(5)) == ("abc", shared_seconds)


def test_a_token_that_lives_for_no_time_is_used_but_not_shared(settings: Any) -> None:
    with saying('{"access_token": "abc"}') as url:
        settings.BANESCO = {**settings.BANESCO, "TOKEN_URL": url}
        assert ask() == "abc"
        assert cache.get(token._key()) is None


@pytest.mark.parametrize(
    "content",
    [
        "<html>",
        "[]",
        "{}",
        '{"access_token": 7}',
        '{"access_token": ""}',
        '{"access_token": "a b"}',
        '{"access_token": "a\\r\\nX-Evil: 1"}',
        '{"access_token": "a", "access_token": "b"}',
    ],
)
def test_what_is_no_token_is_unreadable(content: str, settings: Any) -> None:
    with saying(content) as url:
        settings.BANESCO = {**settings.BANESCO, "TOKEN_URL": url}
        assert refusal().outcome == Outcome.UNREADABLE


@pytest.mark.parametrize(
    ("status", "content", "outcome", "code"),
    [
        (400, '{"error": "unauthorized_client"}', Outcome.CREDENTIALS, None),
        (400, '{"error": "Evil <script>"}', Outcome.UNREADABLE, "HTTP 400"),
        (400, "<html>", Outcome.UNREADABLE, "HTTP 400"),
        (401, '{"error": "invalid_grant"}', Outcome.CREDENTIALS, "invalid_grant"),
        (403, "", Outcome.CREDENTIALS, "HTTP 403"),
        (404, "Not found", Outcome.MISCONFIGURED, "HTTP 404"),
        (302, "", Outcome.MISCONFIGURED, "HTTP 302"),
        (429, "", Outcome.RATE_LIMITED, "HTTP 429"),
        (500, "", Outcome.DOWN, "HTTP 500"),
        (504, "", Outcome.TIMEOUT, "HTTP 504"),
        (503, '{"httpStatus": {"statusCode": "VRN04 "}}', Outcome.MAINTENANCE, "VRN04"),
        (503, '{"httpStatus": {"statusCode": "70001"}}', Outcome.UNREADABLE, "70001"),
    ],
)
def test_refusals_of_the_token_endpoint(
    status: int, content: str, outcome: Outcome, code: str | None, settings: Any
) -> None:
    answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n\r\n{content}"
    with server_saying(raw(answer.encode())) as url:
        settings.BANESCO = {**settings.BANESCO, "TOKEN_URL": url}
        reading = refusal()
    assert reading.outcome == outcome
    assert reading.code == (code or "unauthorized_client")
    assert reading.body == ""


def test_the_secret_never_reaches_a_log(
    bank: Bank, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The sandbox echoes the secret in `error_description`, as Keycloak may."""
    settings.BANESCO |= {"PASSWORD": "CANARY-SECRET"}
    reading = refusal()
    assert (reading.outcome, reading.code) == (Outcome.CREDENTIALS, "invalid_grant")
    assert "bank.no_token" in caplog.text
    assert "CANARY-SECRET" not in caplog.text
    assert "CANARY-SECRET" not in repr(reading)
