"""The sidebar and the thumb bar: each person sees only what he may open."""

from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from areamedica.admin_site.doors import BELOW, ENROLMENT, GROUPS, Door
from transactions.admin.waiting import how_many_wait

# More do not fit a phone; the first ones matter most.
_THUMBS = 5


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's navigation for this visitor; nothing opens before a needed factor."""
    if getattr(request, "must_enrol", False):
        return [{"title": "", "items": [_item(request, ENROLMENT)]}]
    groups: list[dict[str, Any]] = []
    for title, doors in GROUPS:
        items = [_item(request, door) for door in doors if door.opens_for(request)]
        groups.append({"title": title, "items": items, "separator": bool(title)})
    thumbs = [each for group in groups for each in group["items"]]
    for item in [each for each in thumbs if each["on_thumb_bar"]][_THUMBS:]:
        item["on_thumb_bar"] = False
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
    return here in BELOW.get(door.route, ()) or (
        door.route.endswith("_changelist")
        and str(here).startswith(door.route.removesuffix("changelist"))
    )
