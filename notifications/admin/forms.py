"""What is asked about webhooks."""

from django import forms
from django.utils.translation import gettext_lazy as _

from areamedica.errors import Refusal
from notifications.catalogue import CHOSEN
from notifications.lines import LONGEST_URL, read_address


class WebhookForm(forms.Form):
    """Where it is and what it is told."""

    name = forms.CharField(label=_("Name"), min_length=2, max_length=100)
    url = forms.CharField(
        label=_("Address (https://…)"),
        max_length=LONGEST_URL,
        widget=forms.TextInput(
            attrs={"inputmode": "url", "spellcheck": "false", "autocomplete": "off"}
        ),
    )
    event_types = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(each.value, each.label) for each in CHOSEN],
        widget=forms.CheckboxSelectMultiple,
    )

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"])
        try:
            read_address(url)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.message) from refusal
        return url
