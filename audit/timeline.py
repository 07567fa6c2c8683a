"""A subject's records as sentences, for whoever reads no JSON."""

import json
from itertools import groupby
from typing import NamedTuple

from areamedica.clock import caracas_day
from audit import story
from audit.models import Record
from audit.words import facts_in_words, in_words, names_of

_MOST = 500


class Sentence(NamedTuple):
    """One record: who did what, in words, and what it tells."""

    record: Record
    who: str
    says: str
    facts: list[tuple[str, str]]
    about: str


class Day(NamedTuple):
    day: object
    sentences: list[Sentence]


def timeline_of(subject_id: str) -> list[Day]:
    """All that was journaled about one subject, oldest first, by Caracas day."""
    records = list(Record.objects.filter(subject_id=subject_id).order_by("pk")[:_MOST])
    names = names_of(each.actor_id for each in records)
    sentences = [_told(each, names) for each in records]
    by_day = groupby(sentences, key=lambda each: caracas_day(each.record.at))
    return [Day(day, list(told)) for day, told in by_day]


def sentence_of(record: Record) -> Sentence:
    """One record alone."""
    return _told(record, names_of([record.actor_id]))


def _told(record: Record, names: dict[str, str]) -> Sentence:
    # Of a pruned record no facts are left.
    facts = json.loads(record.facts or "{}")
    who = story.who_is(record.actor_id, names)
    says = story.sentence(record.action, facts, who=who)
    about = in_words(record.subject_type)
    return Sentence(record, who, says, facts_in_words(facts), about)
