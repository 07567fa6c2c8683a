"""What passes over the wire: a request as read, an answer as it will be sent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

Json: TypeAlias = (
    "None | bool | int | float | str | list[Json] | tuple[Json, ...] | dict[str, Json]"
)

HTML = "text/html; charset=utf-8"
JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One request, its body already read."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Json:
        """The body as JSON.

        :raises ValueError: it is not JSON (bytes that are not text included).
        """
        value: Json = json.loads(self.body)
        return value


@dataclass(frozen=True)
class Answer:
    """One answer; `code` and the last two fields are for our journal only."""

    status: int
    body: bytes
    content_type: str = TEXT
    headers: tuple[tuple[str, str], ...] = ()
    code: str = ""
    modality: str = ""
    movements: tuple[str, ...] = ()


def json_answer(
    status: int, body: Json, headers: tuple[tuple[str, str], ...] = ()
) -> Answer:
    return Answer(status, json.dumps(body).encode(), JSON, headers)


def text_answer(status: int, sentence: str) -> Answer:
    return Answer(status, sentence.encode())
