"""A client that posts the same batches whenever it is started, and says how far it is.

`python -m tests.ledger.poster`: a line after each batch, so that a test knows when to
kill it; it names the server's process, which may live on a while. What was posted
before is posted already.
"""

import sys
from collections import Counter
from uuid import UUID, uuid5

BATCHES, EACH = 30, 100


def keys(number: int) -> list[UUID]:
    """Those of a batch."""
    return [uuid5(UUID(int=number), str(place)) for place in range(EACH)]


def run() -> Counter[str]:
    """Post all of it, from wherever a predecessor was cut off."""
    from django.db import connection

    from ledger.services.posting import post_batch
    from tests.ledger.books import FEES, TRANSIT, posting

    told: Counter[str] = Counter()
    for number in range(BATCHES):
        batch = [posting(TRANSIT, FEES, "0.01", key=key) for key in keys(number)]
        told.update(post_batch(batch))
        sys.stdout.write(f"{connection.connection.info.backend_pid}\n")
        sys.stdout.flush()
    return told


if __name__ == "__main__":
    import django

    django.setup()
    run()
