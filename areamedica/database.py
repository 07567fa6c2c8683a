"""What every app must know about transactions of the database."""

from django.db import IntegrityError, connection


def outside_transaction() -> None:
    """Refuse to go on while a transaction is open: someone else's machine is asked.

    The transaction a test case wraps around itself does not count.

    :raises RuntimeError: a transaction is open here, a bug of the caller.
    """
    blocks = connection.atomic_blocks
    # Django's own mark, as its durable blocks read it.
    if blocks and not getattr(blocks[-1], "_from_testcase", False):
        raise RuntimeError("No transaction may be open while a bank is asked.")


def violated(error: IntegrityError) -> str:
    """The name of the constraint an IntegrityError violated, or the empty string."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""
