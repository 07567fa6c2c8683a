"""Who is meant by a document and a phone, and what stands under them."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from accounts.models import User
from transactions.errors import NobodyNamed, SeveralPeople
from transactions.models.transaction import Transaction


@dataclass(frozen=True)
class Subject:
    """A person, by the document and the phones of the claims made for him.

    A phone may be a family's: claims that name another document are another's.
    """

    document: str
    phone: str

    def claims(self) -> QuerySet[Transaction]:
        """Every transaction of the person, also hidden ones."""
        named = Q(pk=None)
        if self.document:
            named |= Q(customer_document=self.document)
        if self.phone:
            named |= Q(customer_document="", customer_phone=self.phone)
        return Transaction.objects.filter(named)

    def accounts(self) -> QuerySet[User]:
        """His own accounts here."""
        named = Q(pk=None)
        if self.document:
            named |= Q(national_id=self.document)
        if self.phone:
            named |= Q(national_id="", phone=self.phone)
        people: QuerySet[User] = User.objects.people().filter(named)
        return people.select_related("role")

    def of_others(self) -> QuerySet[Transaction]:
        """Transactions of other people that carry the phone."""
        if not self.phone:
            return Transaction.objects.none()
        theirs = Q(customer_phone=self.phone) | Q(payer_phone=self.phone)
        return Transaction.objects.filter(theirs).exclude(
            pk__in=self.claims().values("pk")
        )


def subject_of(*, document: str, phone: str) -> Subject:
    """The one person a document, a phone or both name, in normal form.

    :raises NobodyNamed: both are empty.
    :raises SeveralPeople: a phone alone, and claims of several people carry it.
    """
    if not document and not phone:
        raise NobodyNamed
    if not document:
        known = Transaction.objects.filter(customer_phone=phone).order_by()
        named = known.exclude(customer_document="")
        found = list(named.values_list("customer_document", flat=True).distinct()[:9])
        if len(found) > 1:
            raise SeveralPeople(people=len(found))
        document = found[0] if found else ""
    return Subject(document, phone)
