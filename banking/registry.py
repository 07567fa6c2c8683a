"""Which gateway stands behind which name of `BANK_GATEWAY`."""

from typing import Protocol

from django.conf import settings

from banking.gateways.banesco.gateway import Banesco
from banking.gateways.base import Answer, Question
from banking.gateways.simple import Simple
from banking.reading import BankModality
from banking.resilience.line import Line


class Gateway(Protocol):
    """A bank that can be asked. A new one is a copied folder and a line below."""

    @property
    def bank(self) -> str:
        """Under which name circuit, slots and questions are kept."""

    def modality_of(self, question: Question) -> BankModality: ...

    def find_payment(self, question: Question, line: Line) -> Answer:
        """Ask over `line`. :raises BankUnavailable: no answer."""


GATEWAYS: dict[str, Gateway] = {"banesco": Banesco(), "simple": Simple()}


def gateway() -> Gateway:
    """The gateway the settings choose; `checks` refuses an unknown name."""
    return GATEWAYS[settings.BANK_GATEWAY]
