"""People, what they may do, and the tokens they carry."""

from accounts.models.people import (
    SYSTEM_ID,
    Grant,
    Permission,
    Role,
    User,
    same_mailbox,
)
from accounts.models.sign_ins import RefreshFamily, RefreshToken

__all__ = [
    "SYSTEM_ID",
    "Grant",
    "Permission",
    "RefreshFamily",
    "RefreshToken",
    "Role",
    "User",
    "same_mailbox",
]
