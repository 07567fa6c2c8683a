"""What a patient claims, and the one door through which its state changes."""

from contextlib import AbstractContextManager
from typing import ClassVar, Self
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector, SearchVectorField
from django.db import connection, models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Now, Right
from django.utils.translation import gettext_lazy as _

from accounts.models import SYSTEM_ID
from areamedica.database import append
from areamedica.money import BOLIVAR, DECIMAL_PLACES, MAX_DIGITS
from audit.actions import Action
from audit.causes import going_on_with
from audit.services import record
from banking.references import canonical
from transactions.books import Confirmed, book
from transactions.errors import InvalidTransition
from transactions.formats import local_phone, search_words, searchable
from transactions.models.event import TransactionEvent, note_columns
from transactions.states import (
    FINAL,
    STEPS,
    ActorType,
    ErdBank,
    Reason,
    State,
    Type,
)

# What the system goes on with; looking at a transaction leads to nothing.
_ACTS = (
    Action.TRANSACTION_RECORDED,
    Action.TRANSACTION_CHANGED,
    Action.TRANSACTION_MOVED,
    Action.INQUIRY_REPLAYED,
)
# PostgreSQL takes whatever begins with some letters for two rows in a hundred, and
# walks the whole list by date to find the one that ends in 417728 (3.4 s of a million).
# So few are fetched by name; of more than these the walk soon meets enough.
_FEW = 1_000


def carrying_on(transaction_id: UUID) -> AbstractContextManager[None]:
    """What the system does in this block, it does for who acted last on the claim."""
    return going_on_with(("transaction", transaction_id), _ACTS)


class TransactionQuerySet(models.QuerySet["Transaction"]):
    def present(self) -> Self:
        """Those nobody deleted."""
        return self.filter(deleted_at=None)

    def in_review(self) -> Self:
        """Those that wait for a person, the oldest first."""
        waiting = self.present().filter(status=State.TO_REVIEW)
        return waiting.order_by("created_at", "pk")

    def named(self, name: str) -> Self:
        """First the one under this UUID, then that under the client's own id.

        A client may choose any id, another transaction's UUID too.
        """
        try:
            pk = UUID(name)
        except ValueError:
            return self.filter(transaction_id=name)
        both = self.filter(Q(pk=pk) | Q(transaction_id=name))
        return both.order_by(Case(When(pk=pk, then=0), default=1))

    def matching(self, search: str) -> Self:
        """Every word begins a name, a reference, its last digits or a document."""
        words = search_words(search)
        if not words:
            return self.none()
        raw = " & ".join(f"{word}:*" for word in words)
        found = self.filter(search=SearchQuery(raw, search_type="raw", config="simple"))
        few = list(found.order_by().values_list("pk", flat=True)[: _FEW + 1])
        return self.filter(pk__in=few) if len(few) <= _FEW else found


class Transaction(models.Model):
    """A patient's claim "I paid".

    `status` is written by `step` alone. `claimed_amount` is what was typed and never
    changes but by a correction; `amount` becomes the bank's once the money is ours.
    `claim_key` names the money that is claimed: equal keys are the same money.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    transaction_id = models.CharField(_("transaction id"), max_length=100, unique=True)
    status = models.CharField(
        _("status"), max_length=16, choices=State, default=State.IN_PROGRESS
    )
    status_reason = models.CharField(
        _("reason"), max_length=32, choices=Reason, default=Reason.RECORDED
    )
    type = models.CharField(_("type"), max_length=16, choices=Type)
    bank = models.CharField(_("bank"), max_length=16, choices=ErdBank)
    bank_code = models.CharField(_("payer's bank"), max_length=4, blank=True)
    reference = models.CharField(_("reference"), max_length=20)
    claim_key = models.CharField(max_length=80, editable=False)
    customer_full_name = models.CharField(_("full name"), max_length=255)
    customer_phone = models.CharField(_("phone"), max_length=12, blank=True)
    customer_document = models.CharField(_("document"), max_length=11, blank=True)
    payer_phone = models.CharField(_("payer's phone"), max_length=12, blank=True)
    concept = models.CharField(_("concept"), max_length=500, blank=True)
    claimed_amount = models.DecimalField(
        _("claimed amount"),
        max_digits=MAX_DIGITS,
        decimal_places=DECIMAL_PLACES,
        null=True,
    )
    amount = models.DecimalField(
        _("amount"), max_digits=MAX_DIGITS, decimal_places=DECIMAL_PLACES, null=True
    )
    currency = models.CharField(_("currency"), max_length=3, default=BOLIVAR)
    operation_date = models.DateField(_("operation date"), null=True)
    # The Caracas day the bank is asked about: the stated one, or that of recording.
    asked_day = models.DateField(_("asked day"))
    metadata = models.JSONField(_("metadata"), default=dict)
    # The bank's rows that came into question, under the bank's own field names, and the
    # comparison the verdict made; `details` is the one row that counts.
    details = models.JSONField(_("bank row"), null=True)
    candidates = models.JSONField(_("bank rows"), default=list)
    comparison = models.JSONField(_("comparison"), default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("recorded by"),
    )
    corrected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("corrected by"),
    )
    first_approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("first approval by"),
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())
    updated_at = models.DateTimeField(_("updated"), db_default=Now())
    completed_at = models.DateTimeField(_("completed"), null=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True)
    # How many records of the journal tell of it, those from before they were counted
    # left out: one that is gone shows as a gap, the last one here.
    version = models.IntegerField(default=0, db_default=0, editable=False)
    search_text = models.TextField(editable=False)
    search = models.GeneratedField(
        expression=SearchVector("search_text", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects: ClassVar[models.Manager["Transaction"]] = TransactionQuerySet.as_manager()

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        ordering = ("-created_at", "-id")
        constraints = [
            models.UniqueConstraint(
                fields=["claim_key"],
                condition=~Q(status=State.CANCELED),
                name="transaction_money_claimed_once",
            ),
            models.CheckConstraint(
                condition=Q(status__in=State.values), name="transaction_status_known"
            ),
            models.CheckConstraint(
                condition=Q(status=State.COMPLETED, completed_at__isnull=False)
                | (~Q(status=State.COMPLETED) & Q(completed_at=None)),
                name="transaction_completed_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=State.COMPLETED)
                | Q(amount__gt=0, details__isnull=False, deleted_at=None),
                name="transaction_completed_has_money",
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) | Q(status=State.CANCELED),
                name="transaction_deleted_is_canceled",
            ),
            models.CheckConstraint(
                condition=Q(claimed_amount=None) | Q(claimed_amount__gt=0),
                name="transaction_claimed_amount_positive",
            ),
            models.CheckConstraint(
                condition=Q(amount=None) | Q(amount__gt=0),
                name="transaction_amount_positive",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None)
                | ~Q(status=State.COMPLETED)
                | (
                    ~Q(decided_by=F("created_by"))
                    & (Q(first_approver=None) | ~Q(decided_by=F("first_approver")))
                    & (Q(corrected_by=None) | ~Q(decided_by=F("corrected_by")))
                ),
                name="transaction_decided_by_another",
            ),
        ]
        indexes = [
            # Only of those present: so a list is counted in the index alone.
            models.Index(
                fields=["-created_at", "-id"],
                name="transaction_newest",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                fields=["status", "-created_at", "-id"],
                name="transaction_by_status",
                condition=Q(deleted_at=None),
            ),
            models.Index(
                Right("reference", 6),
                F("created_at").desc(),
                name="transaction_by_tail",
            ),
            models.Index(fields=["reference"], name="transaction_by_reference"),
            models.Index(fields=["customer_phone"], name="transaction_by_phone"),
            models.Index(fields=["customer_document"], name="transaction_by_document"),
            models.Index(fields=["amount"], name="transaction_by_amount"),
            GinIndex(fields=["search"], name="transaction_search"),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} …{self.reference[-6:]}"

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    def explain(self, reason: Reason) -> None:
        """Say better why the state is what it is; the state stays."""
        if self.status_reason != reason:
            self.status_reason = reason
            self.updated_at = Now()
            self.save(update_fields=["status_reason", "updated_at"])

    def words_to_find_it(self) -> str:
        """What the search box looks through."""
        digits = canonical(self.reference)
        tails = " ".join(digits[-length:] for length in (4, 5, 6))
        return searchable(
            f"{self.customer_full_name} {self.reference} {digits} {tails} "
            f"{self.customer_document} {self.customer_document[1:]} "
            f"{self.customer_phone} {local_phone(self.customer_phone)} "
            f"{self.transaction_id}"
        )

    def step(
        self,
        to: State,
        *,
        reason: Reason,
        actor_id: UUID,
        note: str = "",
        facts: dict[str, object] | None = None,
    ) -> None:
        """Move this locked transaction; write its event, journal record and entry.

        The caller holds the row's lock and has set the fields that go with the new
        state; they are saved here too. `facts` stay public and free of personal data.

        :raises InvalidTransition: no such step exists.
        """
        assert connection.in_atomic_block  # noqa: S101 (a bug, not a refusal)
        was = State(self.status)
        if to not in STEPS[was]:
            raise InvalidTransition(now=was.value, wanted=to.value)
        self.status, self.status_reason = to, reason
        self.updated_at = Now()
        self.version += 1
        self.save()
        self.tell(
            was=was,
            reason=reason,
            actor_id=actor_id,
            note=note,
            facts=facts,
        )
        moved = {
            "was": was,
            "became": to,
            "reason": reason,
            "amount": self.amount,
            "currency": self.currency,
        }
        self.journal(
            Action.TRANSACTION_MOVED,
            actor_id=actor_id,
            facts={"schema": 2, **moved, **(facts or {})},
        )
        if to == State.COMPLETED:
            # Last: the account of all that is in transit stays locked from here.
            book(self.confirmed())

    def journal(
        self, action: Action, *, actor_id: UUID, facts: dict[str, object] | None = None
    ) -> None:
        """Append the record of the change that has just raised and saved `version`."""
        record(
            action,
            actor_id=actor_id,
            subject=("transaction", self.pk),
            facts=facts,
            version=self.version,
        )

    def confirmed(self) -> Confirmed:
        """What the books are told: the bank's amount and day, never what was typed."""
        return Confirmed(
            transaction_id=self.pk,
            amount=self.credit.amount,
            currency=self.credit.currency,
            day=self.credit.day,
            document=self.customer_document,
            phone=self.customer_phone,
        )

    def tell(
        self,
        *,
        was: State | None,
        reason: Reason,
        actor_id: UUID,
        note: str = "",
        facts: dict[str, object] | None = None,
    ) -> None:
        """Append an event to this transaction's history; its note is locked."""
        append(
            TransactionEvent(
                transaction=self,
                old_status=was or "",
                new_status=self.status,
                reason=reason,
                **note_columns(self.pk, note),
                actor_type=_kind_of(actor_id),
                actor_id=actor_id,
                metadata=facts or {},
            )
        )


def _kind_of(actor_id: UUID) -> ActorType:
    return ActorType.SYSTEM if actor_id == SYSTEM_ID else ActorType.USER
