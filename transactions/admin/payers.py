"""The patients behind the accounts of the books, which know pseudonyms alone."""

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db import connection

from ledger.chart import Owner
from transactions.books import CAUSE, owner_of

# No index leads from a pseudonym to a person; but an account's last legs are found by
# their numbers, and the payment that one of them stands for by its id. Further back is
# not looked: an account may have legs without end, of which none is a payment. An
# intruder's cause may be no id, and shall not keep the bookkeeper from the page.
_LATEST = """
SELECT a.id, a.owner_id, t.customer_full_name, t.customer_document, t.customer_phone
  FROM ledger_account a
  JOIN ledger_balance b ON b.account_id = a.id
 CROSS JOIN LATERAL (
           SELECT CASE WHEN cause_id ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
                       THEN cause_id::uuid END AS id
             FROM ledger_transfer
            WHERE credit_id = a.id AND credit_seq > b.seq - 100
              AND cause_type = %(cause)s
            ORDER BY credit_seq DESC LIMIT 1) AS paid
  JOIN transactions_transaction t
    ON t.id = paid.id AND t.deleted_at IS NULL
 WHERE a.id = ANY(%(accounts)s) AND a.owner_type = %(owner)s
"""


def payers_of(accounts: Collection[UUID]) -> dict[UUID, str]:
    """The name on the latest payment of those that are patients', by account."""
    return dict(_named(accounts)) if accounts else {}


def _named(accounts: Collection[UUID]) -> Iterator[tuple[UUID, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _LATEST,
            {"accounts": [*accounts], "cause": CAUSE, "owner": Owner.CUSTOMER.value},
        )
        for account, owner, name, document, phone in cursor:
            # Of somebody who was erased nothing is left that would be the owner.
            if owner_of(document, phone) == owner:
                yield account, name
