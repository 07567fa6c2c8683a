"""What is asked before the books are changed."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from areamedica.money import DECIMAL_PLACES, MAX_DIGITS


class ReasonForm(forms.Form):
    # The journal keeps it, and no erasure reaches it (docs/privacy.md).
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It is kept for ever: name no patient."),
    )


class WholeReversalForm(ReasonForm):
    """`key` names the reversal, so that the same page pressed twice books it once."""

    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)


class ReversalForm(WholeReversalForm):
    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=MAX_DIGITS,
        decimal_places=DECIMAL_PLACES,
        min_value=Decimal("0.01"),
        localize=False,
        widget=forms.NumberInput(attrs={"step": "0.01", "inputmode": "decimal"}),
    )
    field_order = ("amount", "reason", "key")

    def __init__(self, *given: Any, most: Decimal | None = None, **named: Any) -> None:
        """`most`: what is left, so that a browser does not send more of it."""
        super().__init__(*given, **named)
        if most is not None:
            self.fields["amount"].widget.attrs["max"] = str(most)


class MonthForm(ReasonForm):
    month = forms.DateField(
        label=_("Month"),
        input_formats=["%Y-%m"],
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
    )
    field_order = ("month", "reason")
