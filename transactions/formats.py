"""Venezuelan formats: normal forms of what people type (api.md, "Formats accepted")."""

import re
import unicodedata
from datetime import date

_PHONE = re.compile(r"(?:0|58)(4[0-9]{9})", re.ASCII)
_DOCUMENT = re.compile(r"(?:[VE][0-9]{4,9}|[JGPC][0-9]{8,10})", re.ASCII)
_REFERENCE = re.compile(r"[0-9]{6,20}", re.ASCII)
_NAME_MARKS = " '’.-"
# No payment is older; a day before it is a slip of the hand.
OLDEST_DAY = date(2008, 1, 1)
# The mobile operators' prefixes, for the cashier's form (facts, section 6).
MOBILE_PREFIXES = ("0412", "0422", "0414", "0424", "0416", "0426")


def normal_phone(raw: str) -> str:
    """`04XXXXXXXXX` or `58XXXXXXXXXX` to `58XXXXXXXXXX`; ValueError otherwise."""
    match = _PHONE.fullmatch(raw)
    if not match:
        raise ValueError(raw)
    return "58" + match[1]


def local_phone(phone: str) -> str:
    """`58XXXXXXXXXX` to `0XXXXXXXXXX`, as the seed's contract writes it."""
    return "0" + phone[2:] if phone else ""


def normal_document(raw: str) -> str:
    """Upper case letter and digits; ValueError when the shape is another."""
    document = raw.upper()
    if not _DOCUMENT.fullmatch(document):
        raise ValueError(raw)
    return document


def normal_reference(raw: str) -> str:
    """6 to 20 ASCII digits, leading zeros kept; ValueError otherwise."""
    if not _REFERENCE.fullmatch(raw):
        raise ValueError(raw)
    return raw


def normal_name(raw: str) -> str:
    """NFC, single blanks, title case (AM-30); ValueError for anything but a name.

    Letters of one script only: a Cyrillic "а" among Latin letters is a twin of another
    person, not a name.
    """
    name = " ".join(unicodedata.normalize("NFC", raw).split(" ")).strip()
    name = re.sub(" {2,}", " ", name)
    letters = [sign for sign in name if sign not in _NAME_MARKS]
    alphabetic = all(unicodedata.category(sign)[0] in "LM" for sign in letters)
    if not 2 <= len(name) <= 255 or not alphabetic:
        raise ValueError(raw)
    scripts = {unicodedata.name(sign, "?").split()[0] for sign in letters}
    if len(scripts - {"COMBINING"}) != 1:
        raise ValueError(raw)
    return _title(name)


def _title(name: str) -> str:
    """Capitals after blanks, hyphens, apostrophes and dots."""
    return re.sub(
        r"[^ '’.-]+", lambda word: word[0][:1].upper() + word[0][1:].lower(), name
    )


def searchable(text: str) -> str:
    """Lower case without accents, as people type into a search box."""
    parted = text.replace("’", " ").replace("'", " ")
    decomposed = unicodedata.normalize("NFKD", parted.casefold())
    return "".join(sign for sign in decomposed if not unicodedata.combining(sign))


def search_words(text: str) -> list[str]:
    """The letters-and-digits words of a search, normalised."""
    return re.findall(r"[^\W_]+", searchable(text))
