"""People and machines, what they may do, and what they show at the door."""

from accounts.models.machines import ClientKey, ServiceClient, UsedNonce
from accounts.models.people import (
    SYSTEM_ID,
    Grant,
    Permission,
    Role,
    User,
    same_mailbox,
)
from accounts.models.second_steps import SecondStep
from accounts.models.sign_ins import RefreshFamily, RefreshToken

__all__ = [
    "SYSTEM_ID",
    "ClientKey",
    "Grant",
    "Permission",
    "RefreshFamily",
    "RefreshToken",
    "Role",
    "ServiceClient",
    "UsedNonce",
    "SecondStep",
    "User",
    "same_mailbox",
]
