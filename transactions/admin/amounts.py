"""Amounts as people here type them; nothing that could mean two things."""

import re
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from areamedica.money import UnreadableAmount, parse_amount

_PLAIN = re.compile(r"([0-9]+)(?:[.,]([0-9]{1,2}))?", re.ASCII)
_DOTS = re.compile(r"([0-9]{1,3}(?:\.[0-9]{3})+),([0-9]{1,2})", re.ASCII)
_COMMAS = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+)\.([0-9]{1,2})", re.ASCII)
_GROUPS = re.compile(r"([0-9]{1,3}(?:(?:\.[0-9]{3}){2,}|(?:,[0-9]{3}){2,}))", re.ASCII)
_ONE_GROUP = re.compile(r"([0-9]{1,3})[.,]([0-9]{3})", re.ASCII)
_SIGN = re.compile(r"\A(?:Bs\.?|VES)\s*|\s*(?:Bs\.?|VES)\Z", re.IGNORECASE)


def parse_typed(raw: str) -> Decimal:
    """Read what a cashier types.

    :raises ValidationError: `1.234`, which is a thousand or a little more than one, or
        anything that is no amount above zero.
    """
    text = _SIGN.sub("", raw.strip())
    one = _ONE_GROUP.fullmatch(text)
    if one:
        raise ValidationError(
            _("Is %(typed)s %(large)s or a part of one? Write the cents: %(large)s,00.")
            % {"typed": text, "large": f"{one[1]}.{one[2]}"}
        )
    for form in (_PLAIN, _DOTS, _COMMAS, _GROUPS):
        match = form.fullmatch(text)
        if match:
            whole = re.sub("[.,]", "", match[1]).lstrip("0") or "0"
            cents = match[2] if match.lastindex == 2 else ""
            return _exact(f"{whole}.{cents}" if cents else whole)
    raise ValidationError(UnreadableAmount().message)


def _exact(wire: str) -> Decimal:
    try:
        return parse_amount(wire)
    except UnreadableAmount as refusal:
        raise ValidationError(refusal.message) from refusal
