"""Banesco, asked through its *Confirmación de Transacciones*."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from banking import configuration
from banking.gateways.banesco import token
from banking.gateways.banesco.mapping import Asked, read_reply
from banking.gateways.banesco.shapes import Shape, fill, modality_of, shapes_for
from banking.gateways.base import (
    Answer,
    BankUnavailable,
    Found,
    Malformed,
    Missing,
    Question,
)
from banking.gateways.http import fetch
from banking.masking import mask
from banking.reading import BankModality, Outcome, Reading, Unanswered
from banking.resilience.deadline import Deadline
from banking.resilience.line import Line

DEVICE = {"type": "Server", "description": "Area Medica", "ipAddress": "127.0.0.1"}
"""Not validated by the bank; W and H send this address and are answered (§2)."""

_MASKED = ("referenceNumber", "accountId", "phoneNum")


@dataclass
class Search:
    """The question in one shape, ready to be put."""

    question: Question
    form: Shape
    bearer: str = field(default="", repr=False)

    @property
    def modality(self) -> BankModality:
        return modality_of(self.question)

    @property
    def shape(self) -> str:
        return self.form.name

    def masked(self) -> Mapping[str, object]:
        block = self._transaction()
        return {k: mask(str(v)) if k in _MASKED and v else v for k, v in block.items()}

    def prepare(self, deadline: Deadline) -> None:
        self.bearer = token.token(deadline)

    def send(self, *, correlation: uuid.UUID, deadline: Deadline) -> Reading:
        reading = self._post(correlation, deadline)
        if reading.outcome is Outcome.CREDENTIALS:
            token.forget_token(self.bearer)
        return reading

    def _post(self, correlation: uuid.UUID, deadline: Deadline) -> Reading:
        # The session id lets the bank's desk find this very call (§2).
        request = {
            "dataRequest": {
                "device": DEVICE,
                "securityAuth": {"sessionId": correlation.hex},
                "transaction": self._transaction(),
            }
        }
        try:
            reply = fetch(
                "POST",
                configuration.bank().query_url,
                deadline=deadline,
                headers={
                    "Authorization": f"Bearer {self.bearer}",
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                },
                body=json.dumps(request).encode(),
            )
        except Unanswered as error:
            return error.reading
        asked = Asked(self.question.reference, configuration.bank().rif)
        return read_reply(reply, asked)

    def _transaction(self) -> dict[str, object]:
        account = configuration.bank().account_id
        return fill(self.form, self.question, account=account)


class Banesco:
    """Asks in the shapes of `shapes.py`, each as often as `line` allows."""

    bank = "banesco"

    def modality_of(self, question: Question) -> BankModality:
        return modality_of(question)

    def find_payment(self, question: Question, line: Line) -> Answer:
        """Ask shape by shape until one finds it.

        What one shape was answered stands, even if a later one cannot be asked: no
        shape but one may be right, and its turn comes in the next round.

        :raises BankUnavailable: not even the first shape was answered.
        """
        said: Answer | None = None
        for shape in shapes_for(question, proven=line.proven):
            try:
                reading = line.ask(Search(question, shape))
            except BankUnavailable:
                if said is None:
                    raise
                return said
            if reading.outcome is Outcome.FOUND:
                return Found(reading.movements, shape.name)
            said = _weigh(said, reading)
        return said or Missing()


def _weigh(said: Answer | None, reading: Reading) -> Answer:
    """One shape refused and another understood: the question is not malformed."""
    if reading.outcome is Outcome.MISSING or isinstance(said, Missing):
        return Missing()
    return Malformed(reading.code)
