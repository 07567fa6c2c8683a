"""How accounts are written for people."""

from django import template

register = template.Library()

# A pseudonym at the end of a code; its first digits tell two patients apart.
_OWNER, _SHOWN = 36, 8


@register.filter
def short(code: str) -> str:
    """`2100-VES-6f1d1c52` of an owner's account; any other code as it is."""
    if len(code) <= _OWNER:
        return code
    return code[: _SHOWN - _OWNER]
