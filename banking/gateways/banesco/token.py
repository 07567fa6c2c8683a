"""Banesco's token: password grant, one for all processes, fetched by one at a time.

The token endpoint is said to be limited harder than the query
(facts/banks-and-front-end.md §1). The token never reaches a log.
"""

import hashlib
import re
import time
import uuid
from dataclasses import replace
from urllib.parse import urlencode

import structlog

from banking import configuration
from banking.gateways.banesco.mapping import read_refusal
from banking.gateways.banesco.token_cache import TokenCache
from banking.gateways.http import Reply, fetch
from banking.gateways.strict_json import Node, UnreadableJson, parse
from banking.metrics import count_call
from banking.reading import Outcome, Reading, Unanswered
from banking.resilience.deadline import Deadline

MARGIN_SECONDS = 60
LONGEST_LIFE_SECONDS = 3600
LOCK_SECONDS = 30
"""Longer than any call; a dead fetcher's lock is gone after it."""
TROUBLE_SECONDS = 1
POLL_SECONDS = 0.05

_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)
_SECONDS = re.compile("[0-9]{1,9}", re.ASCII)
_ERROR = re.compile("[a-z_]{1,40}", re.ASCII)

_shared = TokenCache()

logger = structlog.get_logger(__name__)


def token(deadline: Deadline) -> str:
    """Give the token, from the cache or fetched by one process for all.

    :raises Unanswered: there is none; `fair` only for the one who asked the bank.
    """
    key, has_waited = _key(), False
    while (known := _shared.get(key)) is None:
        if has_waited:
            _share_trouble(key)
        if _shared.add(f"{key}:lock", me := uuid.uuid4().hex, seconds=LOCK_SECONDS):
            return _fetch_for_all(key, me, deadline, has_waited=has_waited)
        if not deadline.remaining():
            raise _not_mine(Outcome.TIMEOUT)
        time.sleep(POLL_SECONDS)
        has_waited = True
    return known


def _share_trouble(key: str) -> None:
    trouble = _shared.get(f"{key}:trouble")
    if trouble:
        raise _not_mine(Outcome(trouble))


def _not_mine(outcome: Outcome) -> Unanswered:
    """Another process met this trouble and counts it."""
    return Unanswered(Reading(outcome=outcome, code="TOKEN", fair=False))


def forget_token(refused: str) -> None:
    """Have the next one fetched, unless a newer one is there already."""
    _shared.drop(_key(), refused)


def _key() -> str:
    """One key per client and realm; neither can be read from it."""
    bank = configuration.bank()
    owner = f"{bank.token_url}|{bank.client_id}"
    return f"banesco:token:{hashlib.sha256(owner.encode()).hexdigest()[:32]}"


def _fetch_for_all(key: str, me: str, deadline: Deadline, *, has_waited: bool) -> str:
    try:
        # Another may have fetched it, or failed to, between our look and our lock.
        known = _shared.get(key)
        if known is not None:
            return known
        if has_waited:
            _share_trouble(key)
        return _fetch_and_share(key, deadline)
    finally:
        _shared.drop(f"{key}:lock", me)


def _fetch_and_share(key: str, deadline: Deadline) -> str:
    try:
        fetched, life_seconds = _fetch(deadline)
    except Unanswered as error:
        # Whoever waited learns it too, and spares the bank one more call.
        outcome = error.reading.outcome.value
        _shared.put(f"{key}:trouble", outcome, seconds=TROUBLE_SECONDS)
        raise
    if life_seconds:
        _shared.put(key, fetched, seconds=life_seconds)
    return fetched


def _fetch(deadline: Deadline) -> tuple[str, int]:
    """Fetch a token. Gives it and for how many seconds it may be shared."""
    started = time.monotonic()
    try:
        fetched = _read(_ask(deadline))
    except Unanswered as error:
        outcome = error.reading.outcome
        logger.warning("bank.no_token", outcome=outcome, code=error.reading.code)
        raise
    else:
        outcome = Outcome.FOUND
        return fetched
    finally:
        seconds = time.monotonic() - started
        count_call(operation="token", status=outcome, seconds=seconds)


def _ask(deadline: Deadline) -> Reply:
    bank = configuration.bank()
    form = {
        "grant_type": "password",
        "client_id": bank.client_id,
        "client_secret": bank.client_secret,
        "username": bank.username or bank.client_id,
        "password": bank.password or bank.client_secret,
    }
    if bank.scope:
        form["scope"] = bank.scope
    return fetch(
        "POST",
        bank.token_url,
        deadline=deadline,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        body=urlencode(form).encode(),
    )


def _read(reply: Reply) -> tuple[str, int]:
    body = _fields(reply.text)
    found, life = body.get("access_token"), body.get("expires_in")
    if reply.status != 200:
        raise Unanswered(_refusal(reply, body))
    if type(found) is not str or not _TOKEN.fullmatch(found):  # no Numeral
        raise Unanswered(Reading(outcome=Outcome.UNREADABLE, code="TOKEN"))
    return found, _shared_seconds(life)


def _fields(text: str) -> dict[str, Node]:
    try:
        body = parse(text)
    except UnreadableJson:
        return {}
    return body if isinstance(body, dict) else {}


def _refusal(reply: Reply, body: dict[str, Node]) -> Reading:
    """Keep Keycloak's `error` only: its description may echo our secret (§1)."""
    reading, error = read_refusal(reply), body.get("error")
    if not isinstance(error, str) or not _ERROR.fullmatch(error):
        return reading
    if reply.status == 400:
        # unauthorized_client, invalid_grant and the like
        reading = replace(reading, outcome=Outcome.CREDENTIALS)
    return replace(reading, code=error)


def _shared_seconds(life: Node) -> int:
    """A minute less than it lives, half its life when that is short, 0 if unknown."""
    if not isinstance(life, str) or not _SECONDS.fullmatch(life):
        return 0
    seconds = min(int(life), LONGEST_LIFE_SECONDS)
    return seconds - min(MARGIN_SECONDS, seconds // 2)
