"""The bank's way to write a row and an envelope, quirks included (fact sheet §3)."""

from collections.abc import Sequence

from banking.sandbox.movements import Kind, Movement
from banking.sandbox.questions import Modality
from banking.sandbox.wire import Json

HIT, MISS, TOO_WIDE = "200", "70001", "70005"
CONCEPT_WIDTH, RIF_WIDTH, CURRENCY_WIDTH = 35, 15, 3


def write_row(movement: Movement, rif: str) -> dict[str, Json]:
    is_mobile = movement.kind is Kind.MOBILE_PAYMENT
    return {
        "referenceNumber": _reference(movement),
        "amount": _number(movement) if is_mobile else str(movement.amount),
        "currencyCode": _currency(movement),
        "exchangeRate": 0,
        "accountId": _masked(movement),
        "trnDate": movement.date.isoformat(),
        "trnTime": "00.00.00" if is_mobile else movement.time,
        # The bank whose books hold the row, not the payer's: §3, the BDV trap.
        "sourceBankId": "134",
        "destBankId": "134" if is_mobile else "    ",
        "concept": movement.concept.ljust(CONCEPT_WIDTH),
        "customerIdBen": rif.ljust(RIF_WIDTH),
        "trnType": movement.type,
    }


def write_found(
    movements: Sequence[Movement], *, rif: str, modality: Modality
) -> dict[str, Json]:
    """The envelope of a hit; a lone row may come without its list."""
    rows = [write_row(movement, rif) for movement in movements]
    is_lone = len(rows) == 1 and movements[0].lone_object
    detail: Json = rows[0] if is_lone else list(rows)
    return {
        "httpStatus": {"statusCode": status_code(HIT, modality), "statusDesc": "OK"},
        "dataResponse": {"transactionDetail": detail},
    }


def write_refusal(code: Json, sentence: str) -> dict[str, Json]:
    return {
        "httpStatus": {"statusCode": code, "statusDesc": sentence},
        "dataResponse": None,
    }


def status_code(code: str, modality: Modality) -> str | int:
    """Text, number or padded text (§3): here each modality has its own habit."""
    match modality:
        case Modality.INTERNAL:
            return int(code)
        case Modality.INTERBANK:
            return f"{code} "
        case _:
            return code


def _reference(movement: Movement) -> str | int:
    """Pago móvil echoes the tail alone; leading zeros are usually lost (§3)."""
    is_mobile = movement.kind is Kind.MOBILE_PAYMENT
    kept = movement.tail if is_mobile else movement.reference
    if movement.reference_as_number:
        return int(kept)
    return kept if movement.keep_leading_zeros else str(int(kept))


def _number(movement: Movement) -> int | float:
    amount = movement.amount
    return int(amount) if amount == int(amount) else float(amount)


def _currency(movement: Movement) -> str:
    if movement.kind is Kind.MOBILE_PAYMENT:
        return movement.currency
    return movement.currency.upper().ljust(CURRENCY_WIDTH)


def _masked(movement: Movement) -> str:
    """The payer's phone on a pago móvil, our account without its zero otherwise."""
    whole = movement.account.lstrip("0")
    if movement.kind is Kind.MOBILE_PAYMENT and movement.payer_phone:
        whole = movement.payer_phone
    return f"{whole[:4]}{'*' * 12}{whole[-4:]}"
