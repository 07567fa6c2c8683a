"""What the cashier types."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from transactions import formats
from transactions.admin.fields import (
    DIGITS,
    AmountField,
    DayField,
    ReferenceField,
    banks,
    today,
    whole_phone,
)
from transactions.services.submit import Claim
from transactions.states import Type

_LETTERS = [(letter, letter) for letter in "VEJGPC"]
_PREFIXES = [(prefix, prefix) for prefix in formats.MOBILE_PREFIXES]
_KINDS = [(each.value, each.label) for each in (Type.MOBILE_PAYMENT, Type.TRANSFER)]


class NewInquiry(forms.Form):
    """Nueva consulta: pago móvil or transfer, from the patient's phone screen."""

    client_id = forms.RegexField(
        r"\AAM-[0-9A-F]{12}\Z", required=False, widget=forms.HiddenInput
    )
    kind = forms.ChoiceField(
        label=_("How it was paid"),
        choices=_KINDS,
        widget=forms.RadioSelect,
        initial=Type.MOBILE_PAYMENT.value,
    )
    reference = ReferenceField(label=_("Reference"))
    amount = AmountField(label=_("Amount in bolívares"))
    bank_code = forms.ChoiceField(label=_("Paid from bank"), choices=banks)
    operation_date = DayField(label=_("Day of the payment"), required=False)
    phone_prefix = forms.ChoiceField(
        label=_("Prefix"), choices=_PREFIXES, required=False
    )
    number = forms.CharField(
        label=_("Phone that paid"),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={**DIGITS, "placeholder": "1234567"}),
    )
    letter = forms.ChoiceField(label=_("Letter"), choices=_LETTERS, required=False)
    document = forms.CharField(
        label=_("Patient's document"),
        max_length=14,
        required=False,
        widget=forms.TextInput(attrs={**DIGITS, "placeholder": "12345678"}),
    )
    full_name = forms.CharField(
        label=_("Patient's full name"),
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    concept = forms.CharField(
        label=_("Concept"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {
            "client_id": f"AM-{uuid4().hex[:12].upper()}",
            "operation_date": today(),
            **kwargs.get("initial", {}),
        }
        super().__init__(*args, **kwargs)
        self.fields["operation_date"].widget.attrs["max"] = today().isoformat()

    def clean_full_name(self) -> str:
        try:
            return formats.normal_name(self.cleaned_data["full_name"])
        except ValueError as error:
            raise forms.ValidationError(
                _("Letters of one alphabet, spaces, apostrophe, hyphen and dot.")
            ) from error

    def clean_number(self) -> str:
        return whole_phone(
            self.cleaned_data.get("phone_prefix", ""), self.cleaned_data["number"]
        )

    def clean_document(self) -> str:
        typed = self.cleaned_data["document"].replace(".", "").replace("-", "").strip()
        if not typed:
            return ""
        letter = "" if typed[0].isalpha() else self.cleaned_data.get("letter", "")
        try:
            return formats.normal_document(letter + typed)
        except ValueError as error:
            raise forms.ValidationError(
                _("V or E and 4 to 9 digits; J, G, P or C and 8 to 10.")
            ) from error

    def clean(self) -> dict[str, Any]:
        """A pago móvil is only found with its day, phone and document."""
        if self.cleaned_data.get("kind") == Type.MOBILE_PAYMENT:
            for name in ("operation_date", "number", "document"):
                if name not in self.errors and not self.cleaned_data.get(name):
                    self.add_error(name, _("A pago móvil needs this."))
        return self.cleaned_data

    def claim(self) -> Claim:
        typed = self.cleaned_data
        is_mobile = typed["kind"] == Type.MOBILE_PAYMENT
        return Claim(
            type=Type(typed["kind"]),
            transaction_id=typed["client_id"],
            reference=typed["reference"],
            customer_full_name=typed["full_name"],
            customer_phone=typed["number"],
            customer_document=typed["document"],
            payer_phone=typed["number"] if is_mobile else "",
            concept=typed["concept"],
            bank_code=typed["bank_code"],
            operation_date=typed["operation_date"],
            amount=typed["amount"],
        )
