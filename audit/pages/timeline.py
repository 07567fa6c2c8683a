"""A subject's records as sentences, for whoever reads no JSON."""

from collections.abc import Iterable
from itertools import chain, groupby
from typing import NamedTuple

from areamedica.clock import caracas_day
from audit.canonical import facts_of
from audit.evidence import story
from audit.evidence.words import facts_in_words, in_words, names_of
from audit.models import Record

_MOST = 500


class Sentence(NamedTuple):
    """One record: who did what for whom, in words, and what it tells."""

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
    names = _names(records)
    sentences = [_told(each, names) for each in records]
    by_day = groupby(sentences, key=lambda each: caracas_day(each.record.at))
    return [Day(day, list(told)) for day, told in by_day]


def sentence_of(record: Record) -> Sentence:
    """One record alone."""
    return _told(record, _names([record]))


def _told(record: Record, names: dict[str, str]) -> Sentence:
    facts = facts_of(record.facts)
    who = story.who_is(record.actor_id, names)
    whom = story.who_is(record.on_behalf_of, names) if record.on_behalf_of else ""
    says = story.sentence(record.action, facts, who=who, whom=whom)
    about = in_words(record.subject_type)
    return Sentence(record, who, says, facts_in_words(facts), about)


def _names(records: Iterable[Record]) -> dict[str, str]:
    people = ((each.actor_id, each.on_behalf_of) for each in records)
    return names_of(chain.from_iterable(people))
