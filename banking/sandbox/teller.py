"""One call to the bank, from its arrival to how its answer leaves."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from urllib.parse import parse_qsl

from banking.sandbox.bank import (
    QUERIES,
    SIMPLE,
    answer_query,
    answer_simple,
    dead_token,
    unavailable,
    without_type_and_amount,
)
from banking.sandbox.faults import Hit, Mode
from banking.sandbox.options import Options
from banking.sandbox.sandbox import Sandbox
from banking.sandbox.tokens import REALMS, answer_token
from banking.sandbox.wire import (
    HTML,
    JSON,
    Answer,
    Json,
    Request,
    json_answer,
    text_answer,
)

LOOK_SECONDS = 0.05
RETRY_AFTER_SECONDS = 30
MAINTENANCE_PAGE = (
    b"<!doctype html><html><head><title>Banesco</title></head><body>"
    b"<h1>Servicio no disponible</h1></body></html>"
)

CANNED: Mapping[Mode, Answer] = {
    Mode.DOWN: text_answer(503, "Service Unavailable"),
    Mode.HTML: Answer(200, MAINTENANCE_PAGE, HTML),
    Mode.GARBAGE: Answer(200, b"\x00\xff{]not json \xfe\x80", JSON),
    Mode.MAINTENANCE: unavailable("VRN04"),
    Mode.RATE_LIMITED: unavailable("VRN05", retry_after_seconds=RETRY_AFTER_SECONDS),
    Mode.DEPENDENCY: unavailable("VRN06"),
}


class Way(Enum):
    """How an answer leaves: whole, cut in half, or not at all."""

    WHOLE = auto()
    HALF = auto()
    RESET = auto()
    HANG_UP = auto()


@dataclass(frozen=True)
class Departure:
    answer: Answer | None
    way: Way = Way.WHOLE


def kind_of(path: str) -> str:
    if path in REALMS.values():
        return "token"
    if path in QUERIES.values() or path.startswith(SIMPLE):
        return "query"
    return "other"


def serve(
    request: Request, sandbox: Sandbox, client_left: Callable[[], bool]
) -> Departure:
    """Journal the call, let it meet its fault, and answer it."""
    kind = kind_of(request.path)
    call = sandbox.journal.open(
        kind,
        method=request.method,
        path=request.path,
        asked=_asked(request, kind),
    )
    hit = None if kind == "other" else sandbox.faults.meet(kind)
    departure = Departure(None, Way.HANG_UP)
    try:
        departure = _depart(request, kind, sandbox, hit, client_left)
    finally:
        fault = hit.fault.mode.value if hit else ""
        sandbox.journal.close(call, departure.answer, fault)
    return departure


def _depart(
    request: Request,
    kind: str,
    sandbox: Sandbox,
    hit: Hit | None,
    client_left: Callable[[], bool],
) -> Departure:
    if kind != "other":
        time.sleep(sandbox.options.latency_ms / 1000)
    if hit is None:
        return Departure(_answer(request, kind, sandbox))
    match hit.fault.mode:
        case Mode.RESET:
            return Departure(None, Way.RESET)
        case Mode.HANG:
            _hang(hit, client_left)
            return Departure(None, Way.HANG_UP)
        case Mode.TRUNCATED:
            return Departure(_answer(request, kind, sandbox), Way.HALF)
        case _:
            return Departure(_spoiled(request, kind, sandbox, hit))


def _spoiled(request: Request, kind: str, sandbox: Sandbox, hit: Hit) -> Answer:
    fault = hit.fault
    if fault.mode in CANNED:
        return CANNED[fault.mode]
    match fault.mode:
        case Mode.BAD_TOKEN:
            return _dead_token(request, sandbox.options)
        case Mode.BAD_ROW:
            return without_type_and_amount(_answer(request, kind, sandbox))
        case _:
            hit.cleared.wait(fault.delay_seconds)
            return _answer(request, kind, sandbox)


def _answer(request: Request, kind: str, sandbox: Sandbox) -> Answer:
    options = sandbox.options
    wait = sandbox.pace.seconds_to_wait(kind, options.max_per_minute)
    match kind:
        case "token" | "query" if wait:
            return unavailable("VRN05", retry_after_seconds=wait)
        case "token":
            return answer_token(request, options, sandbox.tokens)
        case "query" if request.path.startswith(SIMPLE):
            return answer_simple(request, options, sandbox.book)
        case "query":
            return answer_query(request, options, sandbox.book, sandbox.tokens)
        case _:
            return text_answer(404, "No Mapping Rule matched")


def _dead_token(request: Request, options: Options) -> Answer:
    if request.path.startswith(SIMPLE):
        return json_answer(401, {"error": "unauthorized"})
    return dead_token(options.flavour)


def _hang(hit: Hit, client_left: Callable[[], bool]) -> None:
    """Hold the line until the client leaves or the fault ends."""
    while time.monotonic() < hit.until and not client_left():
        if hit.cleared.wait(LOOK_SECONDS):
            return


def _asked(request: Request, kind: str) -> dict[str, Json]:
    """What the journal keeps of a call: the transaction block, never a secret."""
    if kind == "token":
        form = dict(parse_qsl(request.body.decode(errors="replace")))
        names = ("grant_type", "client_id", "scope")
        return {name: form[name] for name in names if name in form}
    if request.path.startswith(SIMPLE):
        return {"transaction_id": request.path.removeprefix(SIMPLE)}
    try:
        body = request.json()
        envelope = body.get("dataRequest") if isinstance(body, dict) else None
        block = envelope.get("transaction") if isinstance(envelope, dict) else None
    except ValueError:
        return {}
    return block if isinstance(block, dict) else {}
