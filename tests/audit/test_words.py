"""No action and no fact of the journal is ever shown raw, in either language."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from audit.actions import Action
from audit.evidence import story, words

_ROOMS = "accounts areamedica audit banking ledger notifications transactions"
# How an event is named, not what it tells.
_NAMING = {"actor_id", "subject", "facts", "version"}
_HELD_IN = {"facts", "moved", "answer"}


def journaling() -> Iterator[ast.Module]:
    """The modules that name an action."""
    for room in _ROOMS.split():
        for path in Path(room).rglob("*.py"):
            source = path.read_text()
            if "Action." in source and "demo" not in path.parts:
                yield ast.parse(source)


def facts_of(module: ast.Module) -> Iterator[str]:
    """Names of the facts its records tell."""
    made_by = {n.name: n for n in ast.walk(module) if isinstance(n, ast.FunctionDef)}
    for node in ast.walk(module):
        match node:
            case ast.keyword("facts", ast.Dict() as told):
                yield from names_in(told, made_by)
            case ast.Assign(
                [ast.Name(name) | ast.Attribute(_, name)], value
            ) | ast.AnnAssign(ast.Name(name), _, value) if name in _HELD_IN and value:
                yield from names_in(value, made_by)
            case ast.Call(_, [ast.Attribute(ast.Name("Action")), *_], keywords):
                spread = [each.value for each in keywords if each.arg is None]
                yield from {each.arg for each in keywords if each.arg} - _NAMING
                for value in spread:
                    yield from names_in(value, made_by)


def names_in(told: ast.expr, made_by: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """Those written here, and those of what is spread out here."""
    match told:
        case ast.Dict(keys, values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant):
                    yield key.value
                elif key is None:
                    yield from names_in(value, made_by)
        case ast.Call(ast.Name(name)) if name in made_by:
            for node in ast.walk(made_by[name]):
                if isinstance(node, ast.Dict):
                    yield from names_in(node, made_by)


@pytest.mark.parametrize("language", story.LANGUAGES)
def test_every_fact_has_a_name(language: str) -> None:
    told = {name for module in journaling() for name in facts_of(module)}
    told -= {"schema"}  # for programs, and never shown
    assert {"how", "was", "permission", "keys_ended", "can_sign", "kept"} <= told
    with translation.override(language):
        raw = {name for name in told if words.name_of(name) == name}
    assert not raw, "add them to audit.evidence.words.FACTS"


@pytest.mark.parametrize("language", story.LANGUAGES)
@pytest.mark.parametrize("action", Action)
def test_every_action_is_told_in_a_sentence(action: Action, language: str) -> None:
    with translation.override(language):
        told = story.sentence(action, {}, who="Ana")
    assert told.endswith(".")
    assert action.value not in told
    assert "{" not in told
