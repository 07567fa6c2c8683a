"""A list of any length, written by SQL: a thousand claims a day, as years leave them.

The words to be found by are those `Transaction.words_to_find_it` writes, and the bank's
row and comparison lie beside each decided claim as the verdict leaves them, so that
pages on disk are as full as in real life. Events and journal are not needed here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

_TABLE = "transactions_transaction"
_PARTS = 2

FIRST_NAMES = """
Maria Jose Luis Carlos Ana Juan Carmen Pedro Rosa Miguel Luisa Rafael Elena Jesus
Gabriela Andres Daniela Victor Patricia Manuel Yolanda Oscar Beatriz Hector
Isabel Ramon Marisol Alberto Teresa Francisco Milagros Eduardo Adriana Simon
Ines Alejandro Veronica Tomas Raquel Ernesto
""".split()  # noqa: SIM905 (names read better as words)
LAST_NAMES = """
Gonzalez Rodriguez Perez Hernandez Garcia Martinez Sanchez Lopez Diaz Rojas
Ramirez Torres Marquez Salazar Mendoza Blanco Contreras Fernandez Rivas Suarez
Moreno Urdaneta Bracho Finol Chacin Villalobos Montiel Paz Nava Atencio Parra
Medina Rincon Leal Ortega Vera Soto Barrios Colina Guerra
""".split()  # noqa: SIM905 (names read better as words)

# Of a hundred claims ninety-one are paid, six withdrawn or refused, two still wait for
# the bank and one for a person. Multiplying by odd numbers scatters names and digits.
_FILL = """
WITH raw AS (
    SELECT i,
           i %% 100 AS share,
           (%(first)s::text[])[1 + (i * 7919 / 13) %% 40] || ' '
               || (%(last)s::text[])[1 + (i * 104729 / 17) %% 40] || ' '
               || (%(last)s::text[])[1 + (i * 1299709 / 19) %% 40] AS name,
           lpad((i * 7368787 %% 1000000000000)::text, 12, '0') AS reference,
           'V' || (4000000 + i * 15485863 %% 26000000) AS document,
           '58414' || lpad((i * 32452843 %% 10000000)::text, 7, '0') AS phone,
           (100 + i * 49979687 %% 900000) / 100.0 AS amount,
           now() - i * interval '86.4 seconds' AS moment
      FROM generate_series(%(from)s::bigint, %(to)s::bigint, %(step)s) AS i
), claim AS (
    SELECT raw.*, 'BENCH-' || i AS client_id,
           CASE WHEN share < 91 THEN 'COMPLETED' WHEN share < 97 THEN 'CANCELED'
                WHEN share < 99 THEN 'IN_PROGRESS' ELSE 'TO_REVIEW' END AS status,
           jsonb_build_object(
               'amount', amount, 'trnDate', moment::date, 'trnType', 'CR',
               'accountId', '0102************4567', 'currencyCode', 'Bs',
               'sourceBankId', '102', 'concept', 'Banesco Pago Movil',
               'referenceNumber', ltrim(right(reference, 6), '0')) AS bank_row
      FROM raw
)
INSERT INTO transactions_transaction (
    id, transaction_id, status, status_reason, type, bank, bank_code, reference,
    claim_key, customer_full_name, customer_phone, customer_document, payer_phone,
    concept, claimed_amount, amount, currency, operation_date, asked_day, metadata,
    details, candidates, comparison, created_by_id, created_at, updated_at,
    completed_at, search_text)
SELECT md5(client_id)::uuid, client_id, status,
       CASE status WHEN 'COMPLETED' THEN 'MATCHED' WHEN 'CANCELED' THEN 'WITHDRAWN'
            WHEN 'IN_PROGRESS' THEN 'NOT_SEEN_YET' ELSE 'AMOUNT_DIFFERS' END,
       'MOBILE_PAYMENT', 'MOBILE_TRANSFER', '0102', reference,
       'M|0102|' || moment::date || '|' || phone || '|' || reference,
       name, phone, document, phone, 'Consulta', amount, amount, 'VES',
       moment::date, moment::date, '{}',
       CASE WHEN status = 'COMPLETED' THEN bank_row END,
       CASE WHEN status IN ('COMPLETED', 'TO_REVIEW')
            THEN jsonb_build_array(jsonb_build_object('row', bank_row)) ELSE '[]' END,
       CASE WHEN status = 'COMPLETED' THEN jsonb_build_array(
            jsonb_build_object('field', 'amount', 'claimed', amount::text,
                               'bank', amount::text, 'equal', true),
            jsonb_build_object('field', 'date', 'claimed', moment::date,
                               'bank', moment::date, 'equal', true)) ELSE '[]' END,
       (SELECT id FROM accounts_user WHERE email = %(author)s),
       moment, moment, CASE WHEN status = 'COMPLETED' THEN moment END,
       lower(concat_ws(' ', name, reference, ltrim(reference, '0'),
             right(reference, 4), right(reference, 5), right(reference, 6), document,
             substr(document, 2), phone, '0' || substr(phone, 3), client_id))
  FROM claim
"""


def fill(url: str, *, rows: int, author: str) -> None:
    """Write `rows` transactions, indexes last, and let PostgreSQL look at them once."""
    with psycopg.connect(url, autocommit=True) as line:
        indexes = _drop_indexes(line)
    with ThreadPoolExecutor(_PARTS) as hands:
        list(hands.map(lambda part: _fill(url, part, rows, author), range(_PARTS)))
        list(hands.map(lambda index: _build(url, index), indexes))
    with psycopg.connect(url, autocommit=True) as line:
        line.execute(f"VACUUM ANALYZE {_TABLE}")


def _drop_indexes(line: psycopg.Connection[Any]) -> list[str]:
    """Drop what no constraint needs; gives the statements that make it again."""
    found = line.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [_TABLE],
    ).fetchall()
    for name, _ in found:
        line.execute(f"DROP INDEX {name}")
    # The largest first, so that both hands are busy to the end.
    return sorted((definition for _, definition in found), key=_is_plain)


def _is_plain(definition: str) -> bool:
    return "USING gin" not in definition


def _fill(url: str, part: int, rows: int, author: str) -> None:
    with psycopg.connect(url, autocommit=True) as line:
        line.execute("SET synchronous_commit = off")
        line.execute(
            _FILL,
            {
                "first": FIRST_NAMES,
                "last": LAST_NAMES,
                "from": part + 1,
                "to": rows,
                "step": _PARTS,
                "author": author,
            },
        )


def _build(url: str, definition: str) -> None:
    with psycopg.connect(url, autocommit=True) as line:
        line.execute("SET synchronous_commit = off")
        line.execute("SET maintenance_work_mem = '512MB'")
        line.execute(definition)
