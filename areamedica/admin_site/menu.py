"""The sidebar and the thumb bar: each person sees only what he may open."""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from areamedica.back_office import can
from areamedica.permissions import Permission
from transactions.admin.waiting import how_many_wait

P = Permission


@dataclass(frozen=True)
class Door:
    """One entry: its words, its icon, its address, and who may go in."""

    title: str | Promise
    icon: str
    route: str
    any_of: tuple[Permission, ...] = ()
    on_thumb_bar: bool = False

    def opens_for(self, request: HttpRequest) -> bool:
        return not self.any_of or can(request, *self.any_of)


GROUPS: tuple[tuple[str | Promise, tuple[Door, ...]], ...] = (
    (
        "",
        (
            Door(_("Home"), "home", "index", on_thumb_bar=True),
            Door(
                _("New inquiry"),
                "add_circle",
                "transactions_new",
                (P.TRANSACTION_CREATE,),
                on_thumb_bar=True,
            ),
            Door(
                _("Transactions"),
                "receipt_long",
                "transactions_transaction_changelist",
                (P.TRANSACTION_READ,),
                on_thumb_bar=True,
            ),
            Door(
                _("Review queue"),
                "rule",
                "transactions_queue",
                (P.TRANSACTION_REVIEW,),
                on_thumb_bar=True,
            ),
        ),
    ),
    (
        _("Bank"),
        (
            Door(_("State of the bank"), "monitor_heart", "bank", (P.BANK_MANAGE,)),
            Door(
                _("Questions to the bank"),
                "forum",
                "banking_bankquestion_changelist",
                (P.BANK_MANAGE,),
            ),
            Door(_("Dead letters"), "mail_off", "dead_letters", (P.BANK_MANAGE,)),
        ),
    ),
    (
        _("Control"),
        (
            Door(
                _("Journal"), "history_edu", "audit_record_changelist", (P.AUDIT_READ,)
            ),
            Door(_("People"), "group", "accounts_user_changelist", (P.USER_MANAGE,)),
            Door(
                _("Roles and permissions"), "shield_person", "roles", (P.USER_MANAGE,)
            ),
        ),
    ),
)


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation for this visitor."""
    groups = []
    for title, doors in GROUPS:
        items = [_item(request, door) for door in doors if door.opens_for(request)]
        groups.append({"title": title, "items": items, "separator": bool(title)})
    return groups


def _item(request: HttpRequest, door: Door) -> dict[str, Any]:
    link = reverse(f"admin:{door.route}")
    entry: dict[str, Any] = {
        **asdict(door),
        "link": link,
        "active": _leads_here(request, door, link),
    }
    if door.route == "transactions_queue":
        entry["badge"] = str(how_many_wait(request) or "")
        entry["badge_variant"] = "warning"
    return entry


def _leads_here(request: HttpRequest, door: Door, link: str) -> bool:
    if request.path == link or door.route == "index":
        return request.path == link
    match = request.resolver_match
    here = match.url_name if match else ""
    return here in _BELOW.get(door.route, ()) or (
        door.route.endswith("_changelist")
        and str(here).startswith(door.route.removesuffix("changelist"))
    )


# Pages reached from a door without an entry of their own.
_BELOW = {
    "transactions_queue": ("transactions_review",),
    "accounts_user_changelist": ("user_new",),
}
