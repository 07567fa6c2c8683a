"""What is asked about service clients."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.admin.forms import GrantForm
from accounts.models import Permission
from accounts.services.machines import (
    KEY_LIVES,
    OLD_KEY_LIVES_ON,
    REQUESTS_PER_MINUTE,
)
from areamedica.back_office import typed
from areamedica.permissions import FOR_PEOPLE_ONLY

_HOUR = timedelta(hours=1)


class LimitsForm(forms.Form):
    """From where and how often; the service reads the networks."""

    allowed_addresses = forms.CharField(
        label=_("Allowed addresses, one a line; empty: any"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    requests_per_minute = forms.IntegerField(
        label=_("Requests a minute"),
        min_value=1,
        max_value=6000,
        initial=REQUESTS_PER_MINUTE,
    )

    def clean_allowed_addresses(self) -> list[str]:
        return str(self.cleaned_data["allowed_addresses"]).split()


class NewClient(LimitsForm):
    name = forms.CharField(label=_("Name"), min_length=2, max_length=100)
    field_order = ("name",)


class KeyForm(forms.Form):
    """A new key, and what its signatures are checked with."""

    public_key = forms.CharField(
        label=_("Public key (Ed25519), to sign with"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )
    days = forms.IntegerField(
        label=_("Days it lives"), min_value=1, max_value=730, initial=KEY_LIVES.days
    )

    def facts(self) -> dict[str, Any]:
        """As the service takes them. :raises ValidationError: what is wrong."""
        facts = typed(self)
        return {
            "public_key": facts["public_key"],
            "lives": timedelta(days=facts["days"]),
        }


class RotateForm(KeyForm):
    hours = forms.IntegerField(
        label=_("Hours the old one lives on"),
        min_value=0,
        max_value=24 * 30,
        initial=OLD_KEY_LIVES_ON // _HOUR,
    )

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "overlap": self.cleaned_data["hours"] * _HOUR}


class ScopeForm(GrantForm):
    permission = forms.ModelChoiceField(
        Permission.objects.exclude(name__in=FOR_PEOPLE_ONLY), label=_("Permission")
    )
