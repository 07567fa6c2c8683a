"""How often the same was noted in an hour, so that the journal is not flooded."""

from django.db import connection, models

_COUNT = """
INSERT INTO accounts_attempt (what, hour, number)
VALUES (%s, date_trunc('hour', now()), 1)
ON CONFLICT (what, hour) DO UPDATE SET number = accounts_attempt.number + 1
RETURNING number
"""


class Attempt(models.Model):
    """`what` names a kind, who, and what about; nothing of it is personal data."""

    what = models.CharField(max_length=300)
    hour = models.DateTimeField()
    number = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["what", "hour"], name="attempt_counted_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.what} × {self.number}"

    @classmethod
    def counted(cls, *what: object) -> int:
        """Count one more; the how-manieth of this hour it is, by the database's clock.

        Whoever counts the same at the same time waits for this transaction's end.
        """
        with connection.cursor() as cursor:
            cursor.execute(_COUNT, [" ".join(map(str, what))[:300]])
            return int(cursor.fetchone()[0])
