"""People and machines, what they may do, what they show, and the letters they get."""

from accounts.models.access import Attempt
from accounts.models.letters import Letter
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
    "Attempt",
    "ClientKey",
    "Grant",
    "Letter",
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
