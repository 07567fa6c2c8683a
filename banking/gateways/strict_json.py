"""JSON as a bank may send it, read without guessing: numbers stay text."""

import json
from typing import NoReturn


class Numeral(str):
    """A JSON number as it was written, so that no digit is lost to a float."""

    __slots__ = ()


Node = dict[str, "Node"] | list["Node"] | str | Numeral | bool | None


class UnreadableJson(ValueError):
    """Not JSON, or JSON two readers would read differently."""


def parse(text: str) -> Node:
    """Read one JSON document; numbers become `Numeral`.

    :raises UnreadableJson: broken, too deep, a key twice, NaN or Infinity.
    """
    try:
        node: Node = json.loads(
            text.lstrip("\ufeff"),
            parse_float=Numeral,
            parse_int=Numeral,
            parse_constant=_refuse,
            object_pairs_hook=_unique,
        )
    except (ValueError, RecursionError) as error:
        raise UnreadableJson(type(error).__name__) from error
    return node


def _refuse(name: str) -> NoReturn:
    raise UnreadableJson(name)


def _unique(pairs: list[tuple[str, Node]]) -> dict[str, Node]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise UnreadableJson("duplicate key")
    return fields
