"""At most so many questions to a bank at a time, over all processes."""

import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from banking import configuration
from banking.gateways.base import BankUnavailable, Patience, Trouble
from banking.models import Slot
from banking.resilience.deadline import Deadline

LEASE_SECONDS = 60
"""Longer than any round (40 s); a dead holder's slot is free again after it."""

WAIT_SECONDS = {Patience.QUICK: 0.0, Patience.WORKER: 2.0}
POLL_SECONDS = 0.03


@contextmanager
def one_question(*, bank: str, patience: Patience) -> Iterator[bool]:
    """Hold one of the simultaneous questions while the block runs.

    Nothing is locked meanwhile: the lease is a committed row. Gives whether its turn
    had to be waited for.

    :raises BankUnavailable: BUSY, all are under way (a worker waits up to 2 s).
    """
    holder = uuid.uuid4()
    slot, has_waited = _take(bank, holder, Deadline(WAIT_SECONDS[patience]))
    try:
        yield has_waited
    finally:
        Slot.objects.give_back(slot=slot, holder=holder)


def _take(bank: str, holder: uuid.UUID, deadline: Deadline) -> tuple[int, bool]:
    most, has_waited = configuration.bank().max_simultaneous, False
    while True:
        slot = Slot.objects.take(
            bank=bank, most=most, holder=holder, lease_seconds=LEASE_SECONDS
        )
        if slot is not None:
            return slot, has_waited
        if Slot.objects.provide(bank=bank, most=most):
            continue
        if not deadline.remaining():
            raise BankUnavailable(Trouble.BUSY)
        # Jitter, so that waiting threads do not knock in step.
        time.sleep(POLL_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 (no secret)
        has_waited = True
