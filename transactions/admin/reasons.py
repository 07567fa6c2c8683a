"""Why a reviewer decided: ready sentences, and a note of his own."""

from collections.abc import Mapping

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 500

APPROVE = {
    "bank_is_right": _("The bank's record is right; the claim was mistyped"),
    "agreed": _("Difference agreed with the patient"),
    "date": _("Paid at night or on a holiday; the bank booked it another day"),
    "receipt": _("Compared with the patient's receipt"),
    "amount": _("Amount compared with the invoice"),
}
REJECT = {
    "never": _("The money never arrived"),
    "amount": _("The amount does not cover the bill"),
    "used": _("The payment was already used for another claim"),
    "forged": _("The receipt looks altered"),
    "other_account": _("It was paid into another account"),
}
AGAIN = {
    "later": _("It may have arrived meanwhile"),
    "typing": _("The data were mistyped"),
    "asked": _("The patient brought other data"),
}
WITHDRAW = {
    "mistake": _("Recorded by mistake"),
    "other": _("The patient pays in another way"),
    "gone": _("The patient left"),
}


class ReasonForm(forms.Form):
    """A ready sentence, a note, or both; never neither."""

    code = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    note = forms.CharField(
        required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, ready: Mapping[str, object], *args: object, **kw: object
    ) -> None:
        super().__init__(*args, **kw)  # type: ignore[arg-type]
        self.ready = ready
        self.fields["code"].choices = list(ready.items())  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        said = [
            str(self.ready.get(self.cleaned_data.get("code", ""), "")),
            " ".join(self.cleaned_data.get("note", "").split()),
        ]
        reason = ". ".join(part for part in said if part)
        if not reason:
            raise forms.ValidationError(_("Say why: choose a reason or write one."))
        self.cleaned_data["reason"] = reason[:LONGEST]
        return self.cleaned_data
