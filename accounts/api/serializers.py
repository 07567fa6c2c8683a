from rest_framework import serializers

from accounts.models import User


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


class SignInBody(serializers.Serializer):
    email = serializers.CharField(max_length=255)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class RefreshBody(serializers.Serializer):
    refresh_token = serializers.CharField(max_length=4096)


class RegisterBody(serializers.Serializer):
    email = serializers.EmailField(max_length=255)
    password = serializers.CharField(max_length=1024, trim_whitespace=False)
    password_confirmation = serializers.CharField(
        max_length=1024, trim_whitespace=False
    )
    full_name = serializers.CharField(min_length=2, max_length=255)

    def validate(self, attrs: dict[str, str]) -> dict[str, str]:
        if attrs["password"] != attrs["password_confirmation"]:
            raise serializers.ValidationError({"password_confirmation": ["≠ password"]})
        return attrs
