from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Role, User
from areamedica.api.schema import example


class TokensOut(serializers.Serializer):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")


class UserOut(serializers.ModelSerializer):
    role = serializers.CharField(source="role.name")
    phone = serializers.SerializerMethodField()
    national_id = serializers.SerializerMethodField()
    permissions = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "full_name",
            "phone",
            "national_id",
            "is_active",
            "is_verified",
            "role",
            "permissions",
            "created_at",
            "updated_at",
        )

    def get_phone(self, user: User) -> str | None:
        return user.phone or None

    def get_national_id(self, user: User) -> str | None:
        return user.national_id or None

    def get_permissions(self, user: User) -> list[str]:
        return sorted(user.permission_names)


class SignedInOut(TokensOut):
    user = UserOut()


@example({"email": "ana@clinica.example", "password": "loro azul sobre el techo"})
class SignInBody(serializers.Serializer):
    email = serializers.CharField(max_length=255)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


@example({"token": "eyJhbGciOiJIUzI1NiIs…", "code": "417728"})
class SecondStepBody(serializers.Serializer):
    token = serializers.CharField(max_length=4096)
    code = serializers.CharField(
        max_length=32, help_text="of an authenticator, or a recovery code"
    )


@example({"refresh_token": "eyJhbGciOiJIUzI1NiIs…"})
class RefreshBody(serializers.Serializer):
    refresh_token = serializers.CharField(max_length=4096)


class NewPassword(serializers.Serializer):
    """A password typed twice; its rules are Django's validators, in the service."""

    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    password_confirmation = serializers.CharField(
        max_length=1024, trim_whitespace=False
    )

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if attrs["password"] != attrs["password_confirmation"]:
            raise serializers.ValidationError({"password_confirmation": ["≠ password"]})
        return attrs


@example(
    {
        "email": "ana@clinica.example",
        "full_name": "Ana Gil",
        "password": "loro azul sobre el techo",
        "password_confirmation": "loro azul sobre el techo",
    }
)
class RegisterBody(NewPassword):
    email = serializers.EmailField(max_length=255)
    full_name = serializers.CharField(min_length=2, max_length=255)


@example(
    {
        "email": "ana@clinica.example",
        "full_name": "Ana Gil",
        "role": "cashier",
        "password": "loro azul sobre el techo",
        "password_confirmation": "loro azul sobre el techo",
    }
)
class CreateUserBody(RegisterBody):
    role = serializers.SlugRelatedField(slug_field="name", queryset=Role.objects.all())


@example(
    {
        "current_password": "la que tenía antes",
        "password": "loro azul sobre el techo",
        "password_confirmation": "loro azul sobre el techo",
    }
)
class PasswordBody(NewPassword):
    current_password = serializers.CharField(max_length=1024, trim_whitespace=False)


@example({"full_name": "Ana Gil", "phone": "584121234567", "national_id": "V12345678"})
class ProfileBody(serializers.Serializer):
    full_name = serializers.CharField(min_length=2, max_length=255, required=False)
    phone = serializers.RegexField(
        r"\A(?:584[0-9]{9})?\Z", allow_blank=True, required=False
    )
    national_id = serializers.RegexField(
        r"\A(?:[VEJGPC][0-9]{4,10})?\Z", allow_blank=True, required=False
    )


@example({"role": "reviewer", "reason": "Pasa a revisión"})
class UpdateUserBody(ProfileBody):
    """A new role needs a reason, which the journal keeps."""

    role = serializers.SlugRelatedField(
        slug_field="name", queryset=Role.objects.all(), required=False
    )
    is_active = serializers.BooleanField(required=False)
    reason = serializers.CharField(max_length=500, required=False, min_length=3)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "role" in attrs and "reason" not in attrs:
            raise serializers.ValidationError({"reason": [_("Say why.")]})
        return attrs


class UserStatsOut(serializers.Serializer):
    total_users = serializers.IntegerField()
    active_users = serializers.IntegerField()
    admin_users = serializers.IntegerField()
    suspended_users = serializers.IntegerField()


@example({"email": "ana@clinica.example"})
class AskForPasswordBody(serializers.Serializer):
    email = serializers.EmailField(max_length=255)


class AskedOut(serializers.Serializer):
    message = serializers.CharField()


@example({"token": "WyI5YjJk…:1vK…"})
class VerifyEmailBody(serializers.Serializer):
    token = serializers.CharField(max_length=1024)


@example(
    {
        "token": "WyI5YjJk…:1vK…",
        "password": "loro azul sobre el techo",
        "password_confirmation": "loro azul sobre el techo",
    }
)
class ResetPasswordBody(NewPassword, VerifyEmailBody):
    """The token of the letter's link, and the password twice."""
