"""The catalogue of refusals, gathered from every room's `errors.py`."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.utils import translation

from areamedica.errors import Refusal

_INTRODUCTION = """# Refusals

Every error of the API has one body, on every address:
`{"error": {"type", "code", "status", "message", "details", "timestamp",
"correlation_id"}}`. `type` decides whether repeating helps; `message` follows
`Accept-Language` (Spanish or English). Field errors stand in `details.fields`.

This page is written by `manage.py write_errors`; a test compares it with the code.

| code | type | HTTP | retries that help | English | español |
|---|---|---|---|---|---|
"""


def _subclasses(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for refusal in kind.__subclasses__():
        yield refusal
        yield from _subclasses(refusal)


def refusals() -> list[type[Refusal]]:
    """Every refusal of the project, by code."""
    for config in apps.get_app_configs():
        if find_spec(f"{config.name}.errors"):
            import_module(f"{config.name}.errors")
    return sorted(set(_subclasses(Refusal)), key=lambda refusal: refusal.code)


def _row(refusal: type[Refusal]) -> str:
    sentences = []
    for language in ("en", "es"):
        with translation.override(language):
            sentences.append(str(refusal.sentence).replace("|", "\\|"))
    return (
        f"| `{refusal.code}` | {refusal.kind.wire} | {refusal.status} "
        f"| {refusal.kind.retries} | {sentences[0]} | {sentences[1]} |"
    )


def as_page() -> str:
    """`docs/errors.md`, whole."""
    return _INTRODUCTION + "\n".join(_row(each) for each in refusals()) + "\n"
