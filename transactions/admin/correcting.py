"""What a reviewer sets right."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from areamedica.money import as_written_here
from areamedica.templatetags.back_office import phone
from transactions.admin.fields import (
    DIGITS,
    AmountField,
    DayField,
    ReferenceField,
    banks,
    whole_phone,
)
from transactions.models import Transaction
from transactions.services.review import Correction


class CorrectionForm(forms.Form):
    """What a reviewer may set right; a field left as it was stays untouched."""

    reference = ReferenceField(label=_("Reference"))
    amount = AmountField(label=_("Amount in bolívares"))
    operation_date = DayField(label=_("Day of the payment"), required=False)
    bank_code = forms.ChoiceField(
        label=_("Paid from bank"), choices=banks, required=False
    )
    payer_phone = forms.CharField(
        label=_("Phone that paid"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs=DIGITS),
    )

    def __init__(self, transaction: Transaction, posted: Any = None) -> None:
        amount = transaction.claimed_amount
        self.before = {
            "reference": transaction.reference,
            "amount": amount,
            "operation_date": transaction.operation_date,
            "bank_code": transaction.bank_code,
            "payer_phone": transaction.payer_phone,
        }
        shown = {
            "amount": "" if amount is None else as_written_here(amount),
            "payer_phone": phone(transaction.payer_phone, dash=""),
        }
        super().__init__(posted, initial={**self.before, **shown})

    def clean_payer_phone(self) -> str:
        return whole_phone("", self.cleaned_data["payer_phone"])

    def correction(self) -> Correction:
        typed: dict[str, Any] = {
            name: self.cleaned_data[name] or None
            for name in self.fields
            if self.cleaned_data[name] != self.before[name]
        }
        amount: Decimal | None = typed.pop("amount", None)
        return Correction(amount=amount, **typed)
