from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.expressions import Func
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit.actions import every_action
from audit.keeping import Look as Look
from audit.keeping import PruneRequest as PruneRequest
from audit.keeping import SubjectKey as SubjectKey


class Xid(models.Field):  # type: ignore[type-arg]  # not at run time
    """PostgreSQL's 64-bit number of a transaction, as a whole number."""

    def db_type(self, connection: Any) -> str:  # noqa: ANN401 (Django's)
        return "xid8"

    def from_db_value(self, value: str, *_: object) -> int:
        return int(value)

    def get_prep_value(self, value: Any) -> str | None:  # noqa: ANN401 (Django's)
        return None if value is None else str(value)


class CurrentXid(Func):
    """The number of the transaction that inserts."""

    function = "pg_current_xact_id"
    arity = 0


class Record(models.Model):
    """One thing that happened, written in the transaction that made it happen.

    The database refuses UPDATE, DELETE and TRUNCATE (migration 0002). `facts` is
    canonical JSON without plain personal data. (epoch, xid, id) is the order in which
    records are sealed: ids are drawn before commit, so their order has holes that
    fill up later. `epoch` grows when a restored database counts its xids anew.
    """

    at = models.DateTimeField(_("at"), db_default=Now())
    action = models.CharField(_("action"), max_length=64, choices=every_action)
    actor_id = models.UUIDField(_("actor"), null=True)
    subject_type = models.CharField(_("subject type"), max_length=32, blank=True)
    subject_id = models.CharField(_("subject"), max_length=64, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)
    facts = models.TextField(_("facts"))
    epoch = models.SmallIntegerField(db_default=0, editable=False)
    xid = Xid(db_default=CurrentXid(), editable=False)
    # How the actor showed who he is: session, token, key, signed (a key and a
    # signature), task; empty where nobody signed in.
    via = models.CharField(max_length=8, db_default="", editable=False)
    # The number of this record among its subject's; none where nobody counts.
    version = models.IntegerField(null=True, editable=False)
    # The person whose request the system carries out, and the record that led to this
    # one: see audit.causes.
    on_behalf_of = models.UUIDField(_("on behalf of"), null=True, editable=False)
    caused_by = models.BigIntegerField(_("caused by"), null=True, editable=False)
    # See audit.writers; none in records that are older than it.
    mac = models.BinaryField(null=True, editable=False)

    class Meta:
        verbose_name = _("record")
        verbose_name_plural = _("journal")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["action", "at"], name="record_action"),
            models.Index(fields=["actor_id", "at"], name="record_actor"),
            BrinIndex(fields=["at"], name="record_day", autosummarize=True),
            models.Index(fields=["epoch", "xid", "id"], name="record_order"),
        ]
        constraints: ClassVar[Any] = [
            # By the id first: it is often all that is asked for. NULLs are distinct.
            models.UniqueConstraint(
                fields=["subject_id", "subject_type", "version"],
                name="record_of_subject_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"


# Before every record, as the place of a checkpoint.
START = (-1, "0", 0)


class Leaf(models.Model):
    """A sealed record: its place in the tree and the exact bytes that were hashed."""

    number = models.BigIntegerField(primary_key=True)
    record_id = models.BigIntegerField(unique=True)
    entry = models.BinaryField()
    hash = models.BinaryField()

    def __str__(self) -> str:
        return f"{self.number}: record {self.record_id}"


class Tile(models.Model):
    """256 neighbours of one level of the tree, written once they are complete.

    The hashes of leaves stand in `Leaf` alone: tiles of level 0 have none of their own.
    Those that were sealed before decision 15 repeat them; nothing reads these.
    """

    level = models.SmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField()

    class Meta:
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(fields=["level", "number"], name="tile_once"),
        ]

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


class Checkpoint(models.Model):
    """A signed state of the tree; the last one is where sealing goes on."""

    size = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    epoch = models.SmallIntegerField()
    xid = Xid()
    record_id = models.BigIntegerField()
    note = models.TextField()

    class Meta:
        ordering = ("size",)

    def __str__(self) -> str:
        return str(self.size)

    @property
    def place(self) -> tuple[int, str, int]:
        """(epoch, xid, id) of the last record it covers, as parameters of SQL."""
        return (self.epoch, str(self.xid), self.record_id)


class CosignatureQuerySet(models.QuerySet["Cosignature"]):
    def by_witnesses(self) -> Self:
        """Without our own second signatures (lasting.py), whose names begin so."""
        return self.exclude(witness__startswith=f"{settings.AUDIT_ORIGIN}/anchor+")


class Cosignature(models.Model):
    """That somebody outside saw a checkpoint, and no larger one before it.

    Or that it is a day's anchor: then our own second signature stands here.
    """

    size = models.BigIntegerField()
    witness = models.CharField(max_length=255)
    at = models.DateTimeField(db_default=Now())
    # By the witness's own clock, which its signature covers.
    seen_at = models.DateTimeField()
    line = models.TextField()

    objects = CosignatureQuerySet.as_manager()

    class Meta:
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(fields=["size", "witness"], name="cosigned_once"),
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["witness", "-size"], name="cosignature_last"),
        ]

    def __str__(self) -> str:
        return f"{self.size} by {self.witness}"


class Consumer(models.Model):
    """How far a program has followed the sealed journal: the next leaf it will read.

    `tries` counts the times it began there without getting any further.
    """

    name = models.CharField(primary_key=True, max_length=32)
    position = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} at {self.position}"


class HeldEvent(models.Model):
    """A leaf that a consumer could not digest yet, or that waits behind such a one.

    Its row goes once it is digested; what is not after `MOST_ATTEMPTS` is a dead letter
    until a person has it tried again.
    """

    MOST_ATTEMPTS = 8

    consumer = models.ForeignKey(Consumer, models.CASCADE)
    leaf = models.BigIntegerField()
    subject_type = models.CharField(max_length=32, blank=True)
    subject_id = models.CharField(max_length=64, blank=True)
    held_at = models.DateTimeField(db_default=Now())
    # Put off before each try, so that it is also the lease of whoever tries.
    due_at = models.DateTimeField(db_default=Now())
    attempts = models.PositiveSmallIntegerField(default=0)
    # The class of the error: its words might name a person.
    last_error = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ("leaf",)
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(
                fields=["consumer", "leaf"], name="event_held_once"
            ),
        ]
        indexes: ClassVar[Any] = [
            models.Index(
                fields=["consumer", "subject_type", "subject_id", "leaf"],
                name="held_of_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.consumer_id}: leaf {self.leaf}"


class Verification(models.Model):
    """What one look at the whole seal, or at its end, found; empty: all is well."""

    at = models.DateTimeField(_("at"), db_default=Now())
    since = models.BigIntegerField()
    size = models.BigIntegerField()
    findings = models.TextField()

    class Meta:
        ordering = ("-id",)
        indexes: ClassVar[Any] = [
            models.Index(fields=["since", "at"], name="verification_at"),
        ]

    def __str__(self) -> str:
        return f"{self.since}..{self.size}"


class Shadow(models.Model):
    """A row as its events tell it (audit.replay). Made anew from them at any time."""

    projection = models.CharField(max_length=32)
    key = models.CharField(max_length=64)
    state = models.JSONField()

    class Meta:
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(fields=["projection", "key"], name="shadow_once"),
        ]

    def __str__(self) -> str:
        return f"{self.projection} {self.key}"


class Replay(models.Model):
    """What one replay found; where, and over what, the next one goes on."""

    at = models.DateTimeField(_("at"), db_default=Now())
    projection = models.CharField(max_length=32)
    leaf = models.BigIntegerField()
    events = models.BigIntegerField()
    state_hash = models.CharField(max_length=64)
    differences = models.TextField()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.projection} {self.leaf}"
