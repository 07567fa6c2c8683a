"""The database engine; Django looks for it under this name."""

from select import POLLIN, poll

from django_prometheus.db.backends.postgresql import base
from psycopg.pq import TransactionStatus


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    def is_usable(self) -> bool:
        """Whether a kept connection is still good, as every request must know.

        A server that ends closes the line, and what is closed can be read: only where
        there is something to read does Django ask, which takes a trip. One that went
        without a word shows as little to either; the settings limit how long.
        """
        line = self.connection
        if line is None or line.closed:
            return False
        listening = poll()
        listening.register(line.fileno(), POLLIN)
        is_calm = line.info.transaction_status == TransactionStatus.IDLE
        return is_calm and not listening.poll(0) or bool(super().is_usable())
