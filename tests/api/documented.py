"""Holds every answer that any test gets to what the OpenAPI document says of it."""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@cache
def _operations() -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    document = SchemaGenerator().get_schema(request=None, public=True)
    # A fixed address before one with a name in it: /users/stats is not /users/{id}.
    paths = sorted(document["paths"].items(), key=lambda item: "{" in item[0])
    return [
        (method.upper(), re.compile(_form(path) + "/?"), said)
        for path, operations in paths
        for method, said in operations.items()
    ]


def _form(path: str) -> str:
    """A regular expression of the addresses of a path; a tile's name has slashes."""
    return re.sub(r"\{\w+\}", "[^/]+", path.replace("{tile}", ".+"))


def _said_of(method: str, path: str) -> dict[str, Any] | None:
    for verb, form, operation in _operations():
        if verb == method and form.fullmatch(path):
            return operation
    return None


def held_to_the_document(request: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a test client's `request`: an undocumented status or code fails the test."""

    def watched(self: Any, **environ: Any) -> Any:
        answer = request(self, **environ)
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        operation = _said_of(method, path)
        if operation is not None:
            said = operation["responses"].get(str(answer.status_code))
            assert said, f"{method} {path}: {answer.status_code} is not documented"
            if answer.status_code >= 400:
                code = answer.json()["error"]["code"]
                known = said["content"]["application/json"]["examples"]
                assert code in known, f"{method} {path}: {code} is not documented"
        return answer

    return watched
