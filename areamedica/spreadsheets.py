"""Texts that a spreadsheet will open."""

# What makes a spreadsheet take a text for a formula (OWASP, "CSV injection").
_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")


def inert(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would compute it."""
    return f"'{text}" if text.lstrip().startswith(_TRIGGERS) else text


def as_meant(text: str) -> str:
    """What `inert` was given."""
    return text[1:] if text.startswith("'") and inert(text[1:]) == text else text
