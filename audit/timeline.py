"""A subject's records as sentences, for whoever reads no JSON."""

import json
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from areamedica.clock import caracas_day
from audit.actions import Action
from audit.models import Record

_MOST = 500
# Code -> words; each room teaches its own when it is loaded.
_words: dict[str, str | Promise] = {}
_Label = str | Promise


class Sentence(NamedTuple):
    """One record: who, what in words, and what else it tells."""

    record: Record
    who: str
    what: str
    rest: list[tuple[str, str]]


class Day(NamedTuple):
    day: object
    sentences: list[Sentence]


def learn(codes: type[TextChoices]) -> None:
    """Read these codes aloud from now on."""
    _words.update(codes.choices)


def timeline_of(subject_id: str) -> list[Day]:
    """All that was journaled about one subject, oldest first, by Caracas day."""
    records = list(Record.objects.filter(subject_id=subject_id).order_by("pk")[:_MOST])
    names = _names(each.actor_id for each in records)
    sentences = [_told(each, names) for each in records]
    by_day = groupby(sentences, key=lambda each: _day(each.record.at))
    return [Day(day, list(told)) for day, told in by_day]


def sentence_of(record: Record) -> Sentence:
    """One record alone."""
    return _told(record, _names([record.actor_id]))


def _day(moment: datetime) -> object:
    return caracas_day(moment)


def _told(record: Record, names: dict[UUID, str]) -> Sentence:
    # Of a pruned record no facts are left.
    facts = json.loads(record.facts or "{}")
    who = names.get(record.actor_id, "") if record.actor_id else ""
    return Sentence(
        record, who or _("Nobody signed in"), _what(record, facts), _rest(facts)
    )


def _what(record: Record, facts: dict[str, object]) -> str:
    if record.action == Action.TRANSACTION_MOVED and "became" in facts:
        return _("moved it from “%(was)s” to “%(became)s”: %(reason)s") % {
            name: in_words(facts.get(name)) for name in ("was", "became", "reason")
        }
    return str(record.get_action_display())


def _rest(facts: dict[str, object]) -> list[tuple[str, str]]:
    said = {"was", "became", "reason"}
    return [(name, in_words(it)) for name, it in facts.items() if name not in said]


def in_words(fact: object) -> str:
    """A fact as it is read aloud."""
    if isinstance(fact, list):
        return ", ".join(in_words(each) for each in fact)
    return str(_words.get(str(fact), fact)) if fact not in (None, "") else "—"


def _names(actors: Iterable[UUID | None]) -> dict[UUID, str]:
    people = get_user_model()._default_manager.filter(pk__in={*actors} - {None})
    return dict(people.values_list("pk", "full_name"))
