"""The database engine; Django looks for it under this name."""

from select import POLLIN, poll

from django_prometheus.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    def is_usable(self) -> bool:
        """Whether a kept connection is still good, as every request must know.

        A server that has gone has closed the line, and what is closed can be read: only
        where there is something to read does Django ask, which takes a trip.
        """
        line = self.connection
        if line is None or line.closed:
            return False
        listening = poll()
        listening.register(line.fileno(), POLLIN)
        return not listening.poll(0) or bool(super().is_usable())
