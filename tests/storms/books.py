"""What must be true of the rows after any storm, asked of the database itself.

Plain SQL, so that it serves the tests' own database and a private one alike.
"""

from collections.abc import Callable
from typing import Any

Ask = Callable[[str], list[tuple[Any, ...]]]

# Each finds what must not be; the key says what that is.
_WRONGS = {
    "completed more than once": """
        SELECT transaction_id FROM transactions_transactionevent
        WHERE new_status = 'COMPLETED' AND old_status <> 'COMPLETED'
        GROUP BY 1 HAVING count(*) > 1""",
    "a history that jumps": """
        SELECT transaction_id FROM (
            SELECT transaction_id, old_status, lag(new_status, 1, '') OVER (
                PARTITION BY transaction_id ORDER BY id) AS before
            FROM transactions_transactionevent) AS steps
        WHERE old_status <> before""",
    "a state its history does not end in": """
        SELECT t.id FROM transactions_transaction AS t
        WHERE t.status IS DISTINCT FROM (
            SELECT e.new_status FROM transactions_transactionevent AS e
            WHERE e.transaction_id = t.id ORDER BY e.id DESC LIMIT 1)""",
    "completed without its credit, or a credit without its completion": """
        SELECT coalesce(t.id, c.transaction_id)
        FROM (SELECT id FROM transactions_transaction
              WHERE status = 'COMPLETED') AS t
        FULL JOIN transactions_bankcredit AS c ON c.transaction_id = t.id
        WHERE t.id IS NULL OR c.id IS NULL""",
    "open without an inquiry, or decided with one": """
        SELECT t.id FROM transactions_transaction AS t
        LEFT JOIN transactions_inquiry AS i ON i.transaction_id = t.id
        WHERE (t.status IN ('IN_PROGRESS', 'UNKNOWN')) <> (i.transaction_id IS NOT NULL)
        """,
    "a step without its journal record, or the reverse": """
        SELECT coalesce(e.id, r.id) FROM (
            SELECT transaction_id::text AS id, count(*) AS number
            FROM transactions_transactionevent
            WHERE old_status <> '' AND old_status <> new_status GROUP BY 1) AS e
        FULL JOIN (
            SELECT subject_id AS id, count(*) AS number FROM audit_record
            WHERE action = 'transactions.moved' GROUP BY 1) AS r USING (id)
        WHERE e.number IS DISTINCT FROM r.number""",
}

# A minute on the database's clock; asked_at is written before the question leaves.
_RUSHED = """
    SELECT subject FROM (
        SELECT subject, asked_at - lag(asked_at, 2) OVER (
            PARTITION BY subject ORDER BY asked_at) AS three
        FROM banking_bankquestion) AS asked
    WHERE three < interval '60 seconds'"""


def wrongs(ask: Ask) -> dict[str, list[Any]]:
    """Whatever is wrong in the books; empty when all is well."""
    found = {what: [row[0] for row in ask(query)] for what, query in _WRONGS.items()}
    return {what: rows for what, rows in found.items() if rows}


def rushed(ask: Ask) -> list[Any]:
    """The transactions the bank was asked about three times within a minute."""
    return [row[0] for row in ask(_RUSHED)]


def states(ask: Ask) -> dict[str, int]:
    """How many transactions are in each state."""
    rows: Any = ask("SELECT status, count(*) FROM transactions_transaction GROUP BY 1")
    return dict(rows)
