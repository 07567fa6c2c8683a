"""The OpenAPI document: complete, true, and what a fuzzer goes by in every role."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import cycle, product
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts import roles
from accounts.errors import InvalidCredentials
from accounts.models import User
from areamedica.api.deprecation import DEPRECATED
from areamedica.catalogue import refusals
from areamedica.permissions import Permission
from areamedica.wsgi import application
from tests.transactions.bodies import claim
from transactions.services.submit import submit

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

# For one operation and role; a longer hunt: FUZZ_EXAMPLES=200 make test ARGS="-k fuzz".
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1"))
TAKEN = {"full-reference", "partial-reference", "bulk-delete", "stats"}
TRUE = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@contextmanager
def one_connection() -> Iterator[None]:
    """Requests stay in the test's own transaction, as Django's client has them."""
    for moment in (request_started, request_finished):
        moment.disconnect(close_old_connections)
    yield
    for moment in (request_started, request_finished):
        moment.connect(close_old_connections)


@pytest.mark.parametrize("role", list(roles.MATRIX))
def test_fuzz_every_operation(
    api: Any, person: Any, ana: User, bank: Any, settings: Any, role: str
) -> None:
    """Good and bad requests made from the document never meet what it does not say."""
    settings.QUICK_QUESTION_SECONDS = 0
    settings.USER_RATE_LIMIT_REQUESTS = settings.RATE_LIMIT_REQUESTS = 10**9
    settings.ROUTE_RATE_LIMITS = {}
    settings.LOGIN_RATE_LIMIT_REQUESTS = 10**9
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    known = {"/transactions/": str(row.pk), "/users/": str(ana.pk)}
    somebody = person("paula", role, is_superuser=role == "admin")
    headers = {"Authorization": api(somebody)._credentials["HTTP_AUTHORIZATION"]}

    with one_connection():
        document = schemathesis.openapi.from_wsgi("/api/schema", application)
        for operation, mode in product(document.get_all_operations(), GenerationMode):
            cases = operation.ok().as_strategy(generation_mode=mode)
            fuzz(cases, headers, known)


def fuzz(
    cases: SearchStrategy[Case], headers: dict[str, str], known: dict[str, str]
) -> None:
    """Call one operation with cases of its own; every other time on a row that is."""
    really_there = cycle([True, False])

    @given(case=cases)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        derandomize="FUZZ_EXAMPLES" not in os.environ,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Case) -> None:
        if "id" in case.path_parameters and next(really_there):
            for room, pk in known.items():
                if room in case.operation.path:
                    case.path_parameters["id"] = pk
        # Another address, which has an operation of its own here.
        assume(case.path_parameters.get("id") not in TAKEN)
        case.call_and_validate(headers=headers, checks=TRUE)

    with suppress(Unsatisfiable):  # nothing about it can be wrong
        call()


@pytest.fixture(scope="module")
def operations() -> dict[str, dict[str, Any]]:
    """Every operation by `method path`."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    return {
        f"{method} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_every_operation_says_what_it_does_and_who_may(
    operations: dict[str, dict[str, Any]],
) -> None:
    for name, operation in operations.items():
        assert operation["description"], name
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (name, parameter["name"])
        assert set(operation["x-permissions"]) <= set(Permission.values), name
        assert {"400", "406", "429", "500", "503"} <= set(operation["responses"]), name
        if operation["x-permissions"]:
            assert {"401", "403"} <= set(operation["responses"]), name
        if "/transactions" in name or "/users" in name:
            assert operation["x-permissions"], name


def documented(operation: dict[str, Any], status: str) -> set[str]:
    answer = operation["responses"].get(status, {"content": {}})
    return {code for body in answer["content"].values() for code in body["examples"]}


@pytest.mark.parametrize("role", [*roles.MATRIX, ""])
def test_every_operation_by_every_role(
    operations: dict[str, dict[str, Any]],
    api: Any,
    person: Any,
    settings: Any,
    role: str,
) -> None:
    """A cell each: refused for want of a permission, or not. The last is a stranger."""
    settings.USER_RATE_LIMIT_REQUESTS = settings.RATE_LIMIT_REQUESTS = 10**9
    settings.ROUTE_RATE_LIMITS = {}
    client = api(person("paula", role) if role else None)
    may = {each.value for each in roles.MATRIX.get(role, ())}
    for name, operation in operations.items():
        method, path = name.split(" ")
        url = path.replace("{id}", str(uuid4()))
        answer = getattr(client, method)(url, {}, format="json")
        code = answer.json()["error"]["code"] if answer.status_code >= 400 else ""
        lacks = not set(operation["x-permissions"]) <= may
        for_everybody = "UNAUTHORIZED" not in documented(operation, "401")
        if not role:
            assert (code == "UNAUTHORIZED") != for_everybody, (name, code)
        else:
            assert (code == "FORBIDDEN") == lacks, (name, code)


def test_every_example_is_a_body_that_is_understood(
    operations: dict[str, dict[str, Any]],
    api: Any,
    person: Any,
    ana: User,
    bank: Any,
    settings: Any,
) -> None:
    """Whatever else it meets, no field of it is refused."""
    settings.QUICK_QUESTION_SECONDS = 0
    settings.ALLOW_PUBLIC_REGISTRATION = True
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    client = api(person("paula", "admin", is_superuser=True))
    for name, operation in operations.items():
        method, path = name.split(" ")
        content = operation.get("requestBody", {"content": {}})["content"]
        for shown in content.get("application/json", {}).get("examples", {}).values():
            known = ana.pk if "users" in path else row.pk
            url = path.replace("{id}", str(known))
            answer = getattr(client, method)(url, shown["value"], format="json")
            refused = answer.status_code >= 400 and answer.json()["error"]["code"]
            assert refused not in {"VALIDATION_ERROR", "INVALID_INPUT"}, (name, answer)
        assert not content or content["application/json"]["examples"], name


def test_every_documented_code_is_in_the_catalogue(
    operations: dict[str, dict[str, Any]],
) -> None:
    catalogue = {each.code: each.status for each in refusals()}
    for name, operation in operations.items():
        for status in operation["responses"]:
            if int(status) < 400:
                continue
            assert documented(operation, status), name
            for code in documented(operation, status):
                assert catalogue[code] == int(status), (name, code)


def test_an_undocumented_answer_fails_whatever_test_gets_it(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InvalidCredentials, "code", "SOMETHING_ELSE")
    body = {"email": "nadie@clinica.test", "password": "x"}
    with pytest.raises(AssertionError, match="SOMETHING_ELSE is not documented"):
        api(None).post("/api/v1/auth/login", body, format="json")


def test_every_write_that_takes_a_key_says_so(
    operations: dict[str, dict[str, Any]],
) -> None:
    """All but signing in and out and asking again, which do no harm twice."""
    without = {
        name
        for name, operation in operations.items()
        if not name.startswith("get ")
        and "/auth/" not in name
        and "Idempotency-Key"
        not in [each["name"] for each in operation.get("parameters", ())]
    }
    assert without == {"post /api/v1/transactions/{id}/refresh"}


@pytest.mark.parametrize("prefix", DEPRECATED)
def test_a_deprecated_address_says_so_in_every_answer(api: Any, prefix: str) -> None:
    answer = api(None).get(f"{prefix}x")
    assert answer["Deprecation"].startswith("@17")
    assert answer["Link"] == '</api/v1>; rel="successor-version"'


def test_the_contracts_own_addresses_are_not_deprecated(api: Any) -> None:
    assert "Deprecation" not in api(None).get("/api/v1/auth/me")
