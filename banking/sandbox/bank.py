"""The bank's own answers: the query of fact sheet §2-3 and the simple contract."""

import datetime as dt
import json
from dataclasses import replace
from urllib.parse import unquote

from banking.sandbox import rows
from banking.sandbox.book import Book
from banking.sandbox.movements import Movement
from banking.sandbox.options import Flavour, Options
from banking.sandbox.questions import (
    MOST_ROWS,
    WIDEST_RANGE,
    BadQuestion,
    Modality,
    Question,
    find,
    fits,
    read_question,
)
from banking.sandbox.tokens import Tokens
from banking.sandbox.wire import Answer, Json, Request, json_answer, text_answer

QUERIES = {
    Flavour.QA: "/transactions/financial-account/transactions",
    Flavour.PRODUCTION: "/financial-account/transactions",
}
SIMPLE = "/simple/transactions/"
NOTHING = "Consulta sin resultados"
MISS_STATUS = {Flavour.QA: 200, Flavour.PRODUCTION: 400}
"""The same miss rides on another HTTP status in production (§3)."""

UNAVAILABLE = {
    "VRN04": (503, "Servicio en mantenimiento"),
    "VRN05": (429, "Limite de consultas excedido"),
    "VRN06": (424, "Dependencia no disponible"),
}


def answer_query(
    request: Request, options: Options, book: Book, tokens: Tokens
) -> Answer:
    """Answer as the 3scale gateway first, then as the bank behind it."""
    if request.method != "POST" or request.path != QUERIES[options.flavour]:
        return text_answer(404, "No Mapping Rule matched")
    if not tokens.is_alive(bearer(request)):
        return dead_token(options.flavour)
    try:
        question = read_question(_body(request))
    except BadQuestion as refusal:
        return refuse(400, refusal.code, refusal.sentence)
    return _answer_question(question, options, book)


def answer_simple(request: Request, options: Options, book: Book) -> Answer:
    """The second bank's contract: one payment by its id, with an API key."""
    if bearer(request) != options.api_key:
        return json_answer(401, {"error": "unauthorized"})
    name = unquote(request.path.removeprefix(SIMPLE))
    movement = _credit_named(name, book)
    if request.method != "GET" or movement is None:
        return json_answer(404, {"error": "not_found"})
    details = rows.write_row(movement, options.rif)
    details["amount"] = float(movement.amount)
    details["referenceNumber"] = movement.reference
    answer = json_answer(
        200, {"transaction_id": name, "status": "COMPLETED", "details": details}
    )
    return replace(answer, code="200", movements=(movement.id,))


def dead_token(flavour: Flavour) -> Answer:
    """3scale's plain text: 401 in QA, 403 in production (§1)."""
    return text_answer(
        403 if flavour is Flavour.PRODUCTION else 401, "Authentication failed"
    )


def refuse(status: int, code: str, sentence: str) -> Answer:
    answer = json_answer(status, rows.write_refusal(code, sentence))
    return replace(answer, code=code)


def unavailable(code: str, *, retry_after_seconds: int = 0) -> Answer:
    """A VRN envelope on its own HTTP status (§3), its code padded on the wire."""
    status, sentence = UNAVAILABLE[code]
    headers = (("Retry-After", str(retry_after_seconds)),)
    answer = json_answer(
        status,
        rows.write_refusal(f"{code} ", sentence),
        headers if retry_after_seconds else (),
    )
    return replace(answer, code=code)


def without_type_and_amount(answer: Answer) -> Answer:
    """The same hit, its last row no longer readable."""
    body = json.loads(answer.body) if answer.movements else {}
    details = body.get("dataResponse", {}).get("transactionDetail", {})
    row = details[-1] if isinstance(details, list) and details else details
    if not isinstance(row, dict) or not row:
        return answer
    row.pop("trnType", None)
    row.pop("amount", None)
    return replace(answer, body=json.dumps(body).encode())


def bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _answer_question(question: Question, options: Options, book: Book) -> Answer:
    modality = question.modality
    found: list[Movement] = []
    if fits(question, options.flavour):
        if _is_too_wide(question):
            return _miss(rows.TOO_WIDE, "Divida el rango", modality, options)
        found = find(question, book, dt.datetime.now(dt.UTC))
    if not found:
        return _miss(rows.MISS, NOTHING, modality, options)
    if len(found) > MOST_ROWS and modality is Modality.RANGE:
        return _miss(rows.TOO_WIDE, "Divida el rango", modality, options)
    body = rows.write_found(found, rif=options.rif, modality=modality)
    return replace(
        json_answer(200, body),
        code=rows.HIT,
        modality=modality.value,
        movements=tuple(movement.id for movement in found),
    )


def _miss(code: str, sentence: str, modality: Modality, options: Options) -> Answer:
    body = rows.write_refusal(rows.status_code(code, modality), sentence)
    answer = json_answer(MISS_STATUS[options.flavour], body)
    return replace(answer, code=code, modality=modality.value)


def _is_too_wide(question: Question) -> bool:
    if question.start is None or question.end is None:
        return False
    return question.end - question.start > WIDEST_RANGE


def _body(request: Request) -> Json:
    try:
        return request.json()
    except ValueError as error:
        raise BadQuestion("VDE01", "Cuerpo ilegible") from error


def _credit_named(name: str, book: Book) -> Movement | None:
    """The first visible credit with that transaction id, or that whole reference."""
    now = dt.datetime.now(dt.UTC)
    named = book.of_transaction_id(name, now) if name else []
    named += [row for row in book.ending_in(name, now) if row.reference == name]
    return next((row for row in named if row.type == "CR"), None)
