"""The sandbox's own paths: write movements, order bad days, read what was asked."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from banking.sandbox.faults import AT_ONCE, Mode, read_fault
from banking.sandbox.movements import read_movement
from banking.sandbox.options import Flavour, Options
from banking.sandbox.page import PAGE
from banking.sandbox.reading import (
    Refused,
    read_digits,
    read_moment,
    read_object,
    read_whole,
)
from banking.sandbox.sandbox import Sandbox
from banking.sandbox.wire import HTML, Answer, Json, Request, json_answer

LIMITS = {"latency_ms": 60_000, "max_per_minute": 1_000_000, "token_seconds": 86_400}
"""The settings that may change while the bank runs, and their ceilings."""

PAGE_HEADERS = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
    ),
    ("Cache-Control", "no-store"),
)


class Controls:
    """`shut` closes the bank's door for some seconds, really."""

    def __init__(self, sandbox: Sandbox, shut: Callable[[float], None]) -> None:
        self._sandbox = sandbox
        self._shut = shut
        self._routes: dict[tuple[str, str], Callable[[Request], Answer]] = {
            ("GET", "/"): self._show_page,
            ("GET", "/sandbox/health"): self._show_health,
            ("DELETE", "/sandbox"): self._empty,
            ("GET", "/sandbox/movements"): self._list_movements,
            ("POST", "/sandbox/movements"): self._add_movements,
            ("GET", "/sandbox/faults"): self._list_faults,
            ("POST", "/sandbox/faults"): self._add_faults,
            ("DELETE", "/sandbox/faults"): self._clear_faults,
            ("GET", "/sandbox/requests"): self._list_requests,
            ("GET", "/sandbox/settings"): self._show_settings,
            ("PUT", "/sandbox/settings"): self._change_settings,
        }

    def owns(self, path: str) -> bool:
        return path == "/" or path == "/sandbox" or path.startswith("/sandbox/")

    def answer(self, request: Request) -> Answer:
        """Do what is asked; a refusal is a 400 that names the field."""
        if _is_foreign(request):
            return json_answer(403, {"error": "Another site's page may not do this."})
        try:
            return self._route(request)
        except Refused as refusal:
            body: Json = {"error": refusal.sentence, "field": refusal.field}
            return json_answer(400, body)

    def _route(self, request: Request) -> Answer:
        one = re.fullmatch(r"/sandbox/movements/([0-9a-f]+)", request.path)
        if one and request.method == "DELETE":
            return self._remove_movement(one[1])
        act = self._routes.get((request.method, request.path))
        if act is None:
            return json_answer(404, {"error": "The sandbox has no such control."})
        return act(request)

    def _show_page(self, request: Request) -> Answer:
        return Answer(200, PAGE, HTML, PAGE_HEADERS)

    def _show_health(self, request: Request) -> Answer:
        flavour = self._sandbox.options.flavour.value
        return json_answer(200, {"status": "ok", "flavour": flavour})

    def _empty(self, request: Request) -> Answer:
        self._sandbox.faults.clear()
        self._sandbox.book.clear()
        self._sandbox.journal.clear()
        self._sandbox.pace.clear()
        return json_answer(200, {"status": "empty"})

    def _list_movements(self, request: Request) -> Answer:
        movements = self._sandbox.book.all()
        limit = _read_limit(request)
        shown = movements[-limit:] if limit else movements
        return json_answer(200, [movement.as_json() for movement in shown])

    def _add_movements(self, request: Request) -> Answer:
        """One object in, one out; a list in, a list out; all of them or none."""
        raw = _read_body(request)
        now = dt.datetime.now(dt.UTC)
        account = self._sandbox.options.account
        many = raw if isinstance(raw, list) else [raw]
        movements = [read_movement(one, account=account, now=now) for one in many]
        self._sandbox.book.add(movements)
        written: list[Json] = [movement.as_json() for movement in movements]
        return json_answer(201, written if isinstance(raw, list) else written[0])

    def _remove_movement(self, movement_id: str) -> Answer:
        if not self._sandbox.book.remove(movement_id):
            return json_answer(404, {"error": "There is no such movement."})
        return json_answer(200, {"status": "deleted", "id": movement_id})

    def _list_faults(self, request: Request) -> Answer:
        return json_answer(200, self._sandbox.faults.as_json())

    def _add_faults(self, request: Request) -> Answer:
        raw = _read_body(request)
        fault = read_fault(raw)
        if fault.mode not in AT_ONCE:
            return json_answer(201, self._sandbox.faults.add(fault))
        if fault.mode is Mode.EXPIRE_TOKENS:
            expired = self._sandbox.tokens.expire_all()
            return json_answer(201, {"mode": fault.mode.value, "expired": expired})
        seconds = fault.seconds or 0.0
        self._shut(seconds)
        answered: Json = {"mode": fault.mode.value, "seconds_left": seconds}
        return json_answer(201, answered)

    def _clear_faults(self, request: Request) -> Answer:
        return json_answer(200, {"cleared": self._sandbox.faults.clear()})

    def _list_requests(self, request: Request) -> Answer:
        raw = request.query.get("since")
        since = read_moment(raw, "since") if raw else None
        limit = _read_limit(request)
        return json_answer(200, self._sandbox.journal.as_json(since, limit))

    def _show_settings(self, request: Request) -> Answer:
        return json_answer(200, _settings(self._sandbox.options))

    def _change_settings(self, request: Request) -> Answer:
        self._sandbox.options = _changed(self._sandbox.options, _read_body(request))
        return self._show_settings(request)


def _changed(options: Options, raw: Json) -> Options:
    given = read_object(raw, known=("flavour", *LIMITS), name="settings")
    flavour = given.get("flavour", options.flavour.value)
    if flavour not in ("qa", "production"):
        raise Refused("flavour", "flavour must be qa or production.")

    def number(name: str, now: int) -> int:
        return read_whole(given.get(name, now), name, low=0, high=LIMITS[name])

    return replace(
        options,
        flavour=Flavour(str(flavour)),
        latency_ms=number("latency_ms", options.latency_ms),
        max_per_minute=number("max_per_minute", options.max_per_minute),
        token_seconds=number("token_seconds", options.token_seconds),
    )


def _settings(options: Options) -> Json:
    return {
        "flavour": options.flavour.value,
        "latency_ms": options.latency_ms,
        "max_per_minute": options.max_per_minute,
        "token_seconds": options.token_seconds,
        "account": options.account,
        "rif": options.rif,
    }


def _read_body(request: Request) -> Json:
    try:
        return request.json()
    except ValueError as error:
        raise Refused("", "The body is not JSON.") from error


def _read_limit(request: Request) -> int:
    raw = request.query.get("limit", "0")
    return int(read_digits(raw, "limit", shortest=1, longest=6))


def _is_foreign(request: Request) -> bool:
    """A web page of another origin is kept out: it could play with this bank."""
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
