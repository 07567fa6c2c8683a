"""Several people at the very same instant, each on a connection of his own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from areamedica.errors import Refusal
from banking.gateways.base import BankUnavailable

Act = Callable[[], Any]


def together(*acts: Act) -> list[Any]:
    """Have all of them act at once; gives what came of each, a no included.

    Anything but a refusal or a bank's silence (a deadlock, a broken constraint) rises.
    """
    barrier = Barrier(len(acts))

    def run(act: Act) -> Any:
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return act()
        except (Refusal, BankUnavailable) as no:
            return no
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(120) for future in [pool.submit(run, a) for a in acts]]


def codes(results: list[Any]) -> list[str]:
    """What each got, in words: the refusal's code, the state, or the number."""
    return sorted(_in_a_word(result) for result in results)


def _in_a_word(result: Any) -> str:
    if isinstance(result, Refusal):
        return result.code
    return str(getattr(result, "status", result))
