"""What django-allauth asks of us: secrets encrypted, people named."""

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import MultiFernet
from django.conf import settings

from accounts.models import User
from areamedica.encryption import box


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # no types
    """Encrypts what the library stores; names a person to her authenticator.

    New secrets are encrypted by the first of the keys and read by any of them.
    """

    def encrypt(self, text: str) -> str:
        return self._keys().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """:raises cryptography.fernet.InvalidToken: its key is not ours any more."""
        return self._keys().decrypt(encrypted_text.encode()).decode()

    def _keys(self) -> MultiFernet:
        return box("second factor", settings.SECOND_FACTOR_KEYS)

    def get_totp_label(self, user: User) -> str:
        return user.email

    def get_public_key_credential_user_entity(
        self, user: User
    ) -> dict[str, bytes | str]:
        return {
            "id": user.pk.bytes,
            "name": user.email,
            "display_name": user.full_name,
        }
