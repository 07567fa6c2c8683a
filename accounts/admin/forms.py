"""What is asked about people."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Permission, Role, User
from accounts.policies import may_give

_NEW = {"autocomplete": "new-password"}


class NewPerson(forms.Form):
    """A person, her role and a first password."""

    full_name = forms.CharField(label=_("Full name"), min_length=2, max_length=255)
    email = forms.EmailField(label=_("E-mail"), max_length=255)
    role = forms.ModelChoiceField(Role.objects.none(), label=_("Role"))
    password = forms.CharField(
        label=_("First password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs=_NEW),
    )

    def __init__(self, actor: User, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        roles = Role.objects.prefetch_related("permissions")
        allowed = [role.pk for role in roles if may_give(actor, role)]
        field = self.fields["role"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 (declared above)
        field.queryset = Role.objects.filter(pk__in=allowed)


class PasswordForm(forms.Form):
    password = forms.CharField(
        label=_("New password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs=_NEW),
    )


class ReasonedForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2})
    )


class RoleForm(ReasonedForm):
    role = forms.ModelChoiceField(Role.objects.all(), label=_("Role"))


class GrantForm(ReasonedForm):
    permission = forms.ModelChoiceField(Permission.objects.all(), label=_("Permission"))


def add_to(form: forms.Form, name: str, error: ValidationError) -> None:
    """Show the password validators' complaints at their field."""
    for message in error.messages:
        form.add_error(name, message)
