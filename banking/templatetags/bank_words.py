"""Banks and their troubles in words."""

from django import template

from banking.gateways.base import Trouble
from banking.institutions import INSTITUTIONS
from banking.reading import Outcome

register = template.Library()


@register.filter
def bank(code: str) -> str:
    """`0134 Banesco` for a code; the code itself when SUDEBAN never gave it."""
    if not code:
        return "—"
    return INSTITUTIONS[code].label if code in INSTITUTIONS else code


@register.filter
def trouble(reason: Trouble | None) -> str:
    """Why the bank is not asked, in words."""
    if reason is None:
        return ""
    known = {each.value: str(each.label) for each in Outcome}
    return known.get(reason.value, reason.value)
