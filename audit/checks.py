"""Says which guard of the append-only tables is missing, and which key is no key."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Tags, Warning, register

from areamedica import database
from audit import rights, writers
from audit.seal import keys, witnesses
from audit.seal.notes import BadNote

_SHORTEST_SECRET = 32
GUARDED = (
    "audit_record",
    "audit_leaf",
    "audit_tile",
    "audit_checkpoint",
    "audit_cosignature",
    "audit_verification",
    "audit_replay",
    "transactions_transactionevent",
)


@register(Tags.database)
def append_only_tables_are_guarded(**given: Any) -> list[Error]:
    """Every append-only table refuses change by two triggers that are always on."""
    return [
        Error(problem, id="audit.E001")
        for alias in given.get("databases") or []
        for problem in missing_guards(alias)
    ]


def missing_guards(alias: str = "default") -> list[str]:
    """A sentence for each guard that does not stand in this database."""
    missing = database.missing_guards(GUARDED, alias)
    return [f"{table} lacks its guard {guard}." for table, guard in missing]


@register(Tags.database)
def application_may_only_add(**given: Any) -> list[CheckMessage]:
    """Says at which level the guards stand, and which right the application has too
    many or too few (`manage.py grant_rights`)."""
    return [
        problem for alias in given.get("databases") or [] for problem in _level(alias)
    ]


def _level(alias: str) -> list[CheckMessage]:
    if rights.is_owner(alias):
        return [
            Info(
                "This connection owns the journal's tables, so it could lift their "
                "guards; let the application connect as a role of its own "
                "(manage.py grant_rights).",
                id="audit.I001",
            )
        ]
    return [_about(each) for each in rights.wrong(alias=alias)]


def _about(wrong: rights.Wrong) -> CheckMessage:
    if wrong.is_excess:
        said = f"The application's role need not hold {wrong}."
        return Warning(said, id="audit.W001")
    return Error(
        f"The application's role lacks {wrong} (manage.py grant_rights, as the owner).",
        id="audit.E012",
    )


@register()
def privacy_keys_are_strong(**_: Any) -> list[Error]:
    """A short key is guessed, and with it every note and pseudonym."""
    keys_of_ours = [*settings.PRIVACY_KEYS, settings.PSEUDONYM_KEY]
    if all(len(key) >= _SHORTEST_SECRET for key in keys_of_ours):
        return []
    return [
        Error(
            "PRIVACY_KEY or PSEUDONYM_KEY has fewer than "
            f"{_SHORTEST_SECRET} characters.",
            id="audit.E009",
        )
    ]


@register()
def journal_can_be_sealed(**_: Any) -> list[Error]:
    """A journal that nobody signs is a table like any other."""
    if not settings.AUDIT_SIGNING_KEY:
        return [
            Error(
                "AUDIT_SIGNING_KEY is not set: the journal would not be sealed.",
                id="audit.E002",
            )
        ]
    try:
        keys.verifiers()
    except BadNote as problem:
        return [
            Error(
                f"AUDIT_SIGNING_KEY or AUDIT_OLD_KEYS cannot be used: {problem}.",
                id="audit.E003",
            )
        ]
    return []


@register()
def records_can_be_signed(**_: Any) -> list[Error]:
    """Without the writer's MAC an edit before the seal does not show."""
    if not settings.AUDIT_WRITER_KEY:
        return [
            Error(
                "AUDIT_WRITER_KEY is not set: nothing could be journaled.",
                id="audit.E004",
            )
        ]
    try:
        writers.keys()
    except BadNote as problem:
        return [
            Error(
                f"AUDIT_WRITER_KEY or AUDIT_OLD_WRITER_KEYS cannot be used: {problem}.",
                id="audit.E005",
            )
        ]
    if settings.AUDIT_WRITER_KEY == settings.AUDIT_SIGNING_KEY:
        return [
            Error(
                "AUDIT_WRITER_KEY and AUDIT_SIGNING_KEY must differ: whoever writes "
                "needs no seal.",
                id="audit.E006",
            )
        ]
    return []


@register()
def anchors_can_be_signed_twice(**_: Any) -> list[Error]:
    """Nobody need sign twice; but a key that is none, or another's, is a mistake."""
    try:
        keys.anchor_signer()
    except BadNote as problem:
        said = f"AUDIT_ANCHOR_KEY cannot be used: {problem}."
        return [Error(said, id="audit.E013")]
    others = (settings.AUDIT_SIGNING_KEY, settings.AUDIT_WRITER_KEY)
    if settings.AUDIT_ANCHOR_KEY and settings.AUDIT_ANCHOR_KEY in others:
        said = "AUDIT_ANCHOR_KEY must be a key of its own."
        return [Error(said, id="audit.E014")]
    return []


@register()
def witnesses_can_be_asked(**_: Any) -> list[Error]:
    """Each has a key and an address, and together they can be enough."""
    try:
        number = len(witnesses.named())
    except BadNote as problem:
        said = f"AUDIT_WITNESSES cannot be used: {problem}."
        return [Error(said, id="audit.E010")]
    if 0 < number < settings.AUDIT_WITNESS_QUORUM:
        said = "AUDIT_WITNESS_QUORUM is above the number of AUDIT_WITNESSES."
        return [Error(said, id="audit.E011")]
    return []


@register(deploy=True)
def somebody_outside_remembers(**_: Any) -> list[Warning]:
    """The signature alone shows neither a journal cut short nor one written anew."""
    if settings.AUDIT_WITNESSES:
        return []
    said = "AUDIT_WITNESSES is empty: nobody outside would notice a journal cut short."
    return [Warning(said, id="audit.W010")]
