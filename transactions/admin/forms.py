"""What the cashier types, and what a reviewer sets right."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.core.validators import MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from areamedica.clock import caracas_day
from areamedica.money import as_written_here
from areamedica.templatetags.back_office import phone
from banking.institutions import payer_banks
from transactions import formats
from transactions.admin.amounts import parse_typed
from transactions.models import Transaction
from transactions.services.review import Correction
from transactions.services.submit import Claim
from transactions.states import Type

_OLDEST_DAY = date(2008, 1, 1)
_LETTERS = [(letter, letter) for letter in "VEJGPC"]
_PREFIXES = [(prefix, prefix) for prefix in formats.MOBILE_PREFIXES]
_DIGITS = {"inputmode": "numeric", "autocomplete": "off"}


def today() -> date:
    return caracas_day(timezone.now())


def banks() -> list[tuple[str, Any]]:
    return [("", _("Choose the bank")), *payer_banks()]


class DayField(forms.DateField):
    """A day that has begun in Caracas, chosen or typed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            input_formats=["%Y-%m-%d", "%d/%m/%Y"],
            validators=[MinValueValidator(_OLDEST_DAY)],
            **options,
        )

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day and day > today():
            raise forms.ValidationError(_("This day has not come yet."))
        return day


class AmountField(forms.CharField):
    """`1.234,56` or `1234.56`; empty for none."""

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "decimal", "autocomplete": "off", "placeholder": "0,00"}
        super().__init__(
            max_length=40,
            required=False,
            widget=forms.TextInput(attrs=attrs),
            **options,
        )

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        return parse_typed(typed) if typed else None


class ReferenceField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=40, widget=forms.TextInput(attrs=_DIGITS), **options
        )

    def clean(self, value: Any) -> str:
        typed = "".join(super().clean(value).split())
        try:
            return formats.normal_reference(typed) if typed else ""
        except ValueError as error:
            raise forms.ValidationError(_("Digits only, 6 to 20.")) from error


def whole_phone(prefix: str, number: str) -> str:
    """Seven digits behind a prefix, or a whole number pasted; empty for none.

    :raises ValidationError: neither.
    """
    digits = "".join(sign for sign in number if sign not in " .-+()")
    if not digits:
        return ""
    try:
        return formats.normal_phone(prefix + digits if len(digits) == 7 else digits)
    except ValueError as error:
        raise forms.ValidationError(_("Seven digits after the prefix.")) from error


class NewInquiry(forms.Form):
    """Nueva consulta: pago móvil or transfer, from the patient's phone screen."""

    client_id = forms.RegexField(
        r"\AAM-[0-9A-F]{12}\Z", required=False, widget=forms.HiddenInput
    )
    kind = forms.ChoiceField(
        label=_("How it was paid"),
        choices=[
            (each.value, each.label) for each in (Type.MOBILE_PAYMENT, Type.TRANSFER)
        ],
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
        widget=forms.TextInput(attrs={**_DIGITS, "placeholder": "1234567"}),
    )
    letter = forms.ChoiceField(label=_("Letter"), choices=_LETTERS, required=False)
    document = forms.CharField(
        label=_("Patient's document"),
        max_length=14,
        required=False,
        widget=forms.TextInput(attrs={**_DIGITS, "placeholder": "12345678"}),
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
        widget=forms.TextInput(attrs=_DIGITS),
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
