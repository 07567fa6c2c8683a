"""What a password must not be (requirement LB-10, facts/reliability section 1, NIST).

Length by role, and nothing that somebody who knows the clinic would try first. No rule
asks for signs or capitals: they make passwords longer to type, not harder to guess.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SHORTEST = 8
SHORTEST_OF_STAFF = 15
LONGEST = 128


class LongEnough:
    """At least 8 characters, 15 for whoever works in the back office; at most 128."""

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """:raises ValidationError: too short or too long."""
        shortest = self._shortest(user)
        if len(password) < shortest:
            raise ValidationError(
                ngettext(
                    "Use at least %(number)d character.",
                    "Use at least %(number)d characters.",
                    shortest,
                )
                % {"number": shortest},
                code="password_too_short",
            )
        if len(password) > LONGEST:
            raise ValidationError(
                _("Use at most %(number)d characters.") % {"number": LONGEST},
                code="password_too_long",
            )

    def _shortest(self, user: AbstractBaseUser | None) -> int:
        # Whoever is not known to be a plain user is held to the stricter rule.
        is_staff = getattr(user, "is_staff", True)
        return SHORTEST_OF_STAFF if is_staff else SHORTEST

    def get_help_text(self) -> str:
        return _("At least 8 characters; 15 for staff.")


_WORDS = Path(__file__).with_name("guessable_words.txt")
_ROWS = (
    "1234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
)
_WALK = 4
# A one is written for an i as often as for an l.
_LEET = tuple(
    str.maketrans("0134578@$!€", letters) for letters in ("oieastbasie", "oleastbasle")
)
_SEPARATORS = re.compile(r"[\s\-_.,/]+")
_PATTERNS = (
    re.compile(r"(?:19|20)\d\d"),  # a year
    re.compile(r"(.)\1\1+"),  # one sign again and again
    re.compile(r"^[\W\d_]+|[\W\d_]+$"),  # decoration at the ends
)
_LETTERS_AT_BOTH_ENDS = re.compile(r"[^\W\d_].*[^\W\d_]")
_AGAIN = re.compile(r"(.{3,}?)\1+")


class NotGuessable:
    """Refuses what is mostly words of the clinic, its country or every list of leaks.

    Case, accents, width (NFKC), leet letters, separators, years and what is hung on at
    the ends count for nothing.
    """

    def validate(self, password: str, user: AbstractBaseUser | None = None) -> None:
        """:raises ValidationError: more than half of it is the first to be guessed."""
        text = _plain(password)
        guessed = {place for span in _guessable(text) for place in range(*span)}
        if len(guessed) * 2 > len(text) or not text:
            raise ValidationError(
                _(
                    "This password is one of the first anybody would guess here; "
                    "choose other words."
                ),
                code="password_guessable",
            )

    def get_help_text(self) -> str:
        return _(
            "No words of the clinic, its banks or its cities, and no keys in a row."
        )


def _plain(password: str) -> str:
    """Small letters without accents and separators; `LONGEST` of them are enough."""
    wide = unicodedata.normalize("NFKC", password[:LONGEST]).casefold()
    parts = unicodedata.normalize("NFD", wide)
    bare = "".join(sign for sign in parts if not unicodedata.combining(sign))
    return _SEPARATORS.sub("", bare)[:LONGEST]


def _guessable(text: str) -> Iterator[tuple[int, int]]:
    """The stretches of the text that cost a guesser nothing."""
    for pattern in _PATTERNS:
        yield from (found.span() for found in pattern.finditer(text))
    for spelling in (text, *(text.translate(leet) for leet in _LEET)):
        yield from (found.span() for found in _words().finditer(spelling))
        yield from _leaked(spelling)
    for found in _AGAIN.finditer(text):
        yield found.end(1), found.end()
    for start in range(len(text) - _WALK + 1):
        step = text[start : start + _WALK]
        if any(step in row or step[::-1] in row for row in _ROWS):
            yield start, start + _WALK


def _leaked(text: str) -> Iterator[tuple[int, int]]:
    """The whole of it but its decoration, when it stands in Django's list of leaks."""
    core = _LETTERS_AT_BOTH_ENDS.search(text)
    if core and core.group() in _leaks():
        yield core.span()


@cache
def _leaks() -> frozenset[str]:
    return frozenset(CommonPasswordValidator().passwords)


@cache
def _words() -> re.Pattern[str]:
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    words = {word for line in lines if line[:1] != "#" for word in line.split()}
    # The longest first: where two begin, the longer one is meant.
    return re.compile("|".join(sorted(words, key=len, reverse=True)))
