"""Who works in the demo's clinic and who comes to pay. Everybody is invented."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from random import Random

from transactions.services.submit import Claim
from transactions.states import Type

PEOPLE = [
    ("admin", "Adriana Administra", "admin"),
    ("reviewer", "Rafael Revisa", "reviewer"),
    ("reviewer2", "Rebeca Revisa", "reviewer"),
    ("cashier", "Carolina Caja", "cashier"),
    ("cashier2", "Carlos Caja", "cashier"),
    ("support", "Sofía Soporte", "support"),
    ("bookkeeper", "Cora Contable", "bookkeeper"),
    ("auditor", "Augusto Audita", "auditor"),
]
_GIVEN = (
    "María José Luis Carmen Jesús Ana Pedro Yuleisy Andrés Gabriela Miguel Rosa "
    "Wilmer Daniela Franklin Milagros Héctor Nairobi Simón Beatriz"
).split()
_FAMILY = (
    "Pérez González Rodríguez Hernández Núñez Márquez Ibáñez Rangel Salazar Quintero "
    "Zambrano Colmenares Briceño Urdaneta Peñaloza Chacón Yánez Medina Ochoa Arráiz"
).split()
_CONCEPTS = (
    ("Consulta de medicina general", "1850.00"),
    ("Consulta de pediatría", "2100.00"),
    ("Perfil 20 de laboratorio", "3275.50"),
    ("Rayos X de tórax", "2640.00"),
    ("Ecosonograma abdominal", "4120.75"),
    ("Resonancia magnética", "38450.00"),
    ("Cirugía ambulatoria, abono", "68900.00"),
    ("Emergencia", "5300.00"),
)
_BANKS = ("0102", "0105", "0108", "0172", "0191", "0134", "0114", "0175")


class Ending(Enum):
    """What comes of a visit, with its share in a hundred."""

    EXACT = 66
    NOT_YET = 8
    CENT_OFF = 7
    UNDERPAID = 6
    TWO_CREDITS = 4
    WITHDRAWN = 5
    APPROVED = 3
    REJECTED = 1


@dataclass(frozen=True)
class Visit:
    """A patient at the till and how it will end."""

    number: int
    ending: Ending
    name: str
    document: str
    phone: str
    bank: str
    reference: str
    concept: str
    amount: Decimal
    is_mobile: bool

    def claim(self, day: date) -> Claim:
        return Claim(
            type=Type.MOBILE_PAYMENT if self.is_mobile else Type.TRANSFER,
            reference=self.reference,
            customer_full_name=self.name,
            customer_phone=self.phone,
            customer_document=self.document,
            payer_phone=self.phone if self.is_mobile else "",
            concept=self.concept,
            bank_code=self.bank if self.is_mobile else "",
            operation_date=day,
            amount=self.amount,
        )

    def shown_amounts(self) -> list[Decimal]:
        """What the bank has: nothing, the amount, less, or two credits."""
        match self.ending:
            case Ending.NOT_YET | Ending.WITHDRAWN:
                return []
            case Ending.CENT_OFF | Ending.APPROVED:
                return [self.amount - Decimal("0.01")]
            case Ending.UNDERPAID | Ending.REJECTED:
                return [(self.amount * Decimal("0.9")).quantize(Decimal("0.01"))]
            case Ending.TWO_CREDITS:
                return [self.amount, self.amount]
        return [self.amount]

    def movements(self, day: date) -> list[dict[str, object]]:
        """The sandbox bank's movements for this visit."""
        return [
            {
                "kind": "MOBILE_PAYMENT" if self.is_mobile else "TRANSFER",
                "reference": self.reference,
                "amount": str(amount),
                "date": day.isoformat(),
                **(
                    {"payer_phone": self.phone, "payer_bank": self.bank}
                    if self.is_mobile
                    else {}
                ),
            }
            for amount in self.shown_amounts()
        ]


def visits(number: int, dice: Random, *, first: int = 0) -> Iterator[Visit]:
    """So many visits, always the same for the same dice."""
    endings = [ending for ending in Ending for _ in range(ending.value)]
    for index in range(first, first + number):
        concept, price = dice.choice(_CONCEPTS)
        is_mobile = dice.random() < 0.7
        given, middle = dice.sample(_GIVEN, 2)
        yield Visit(
            number=index,
            ending=dice.choice(endings),
            name=f"{given} {middle} {dice.choice(_FAMILY)} {dice.choice(_FAMILY)}",
            document=f"{dice.choice('VVVVE')}{dice.randint(4_000_000, 31_999_999)}",
            phone=f"584{dice.choice(['12', '14', '24', '16', '26'])}"
            f"{dice.randint(1_000_000, 9_999_999)}",
            bank=dice.choice(_BANKS),
            reference=f"{dice.randint(10**9, 10**11 - 1):012}",
            concept=concept,
            amount=Decimal(price) + dice.choice([0, 0, 150, 300]),
            is_mobile=is_mobile,
        )
