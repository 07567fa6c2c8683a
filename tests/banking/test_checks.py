"""Settings of the bank that are wrong are refused in clear sentences."""

from pathlib import Path
from typing import Any

import pytest
from django.core.checks import registry

from banking.checks import check_bank

RIGHT = {
    "TOKEN_URL": "https://sso.banesco.test/token",
    "QUERY_URL": "https://api.banesco.test/financial-account/transactions",
    "CLIENT_ID": "clinic",
    "CLIENT_SECRET": "secret",
    "ACCOUNT_ID": "01340000880000000007",
    "RIF": "J305959102",
    "API_URL": "https://api.banesco.test/v1",
    "API_KEY": "key",
    "TIMEOUT_SECONDS": 15,
    "RATE_LIMIT": 2,
    "MAX_SIMULTANEOUS": 16,
    "CA_BUNDLE": "",
    "MAINTENANCE_WINDOW": "",
}


@pytest.fixture(params=["local", "production"])
def environment(request: pytest.FixtureRequest, settings: Any) -> str:
    settings.ENVIRONMENT = request.param
    settings.BANK_GATEWAY = "banesco"
    settings.BANESCO = {**settings.BANESCO, **RIGHT}
    return str(request.param)


def found(settings: Any, **changed: object) -> list[str | None]:
    settings.BANESCO = {**settings.BANESCO, **changed}
    return [message.id for message in check_bank(None)]


def test_right_settings_pass(environment: str, settings: Any) -> None:
    assert found(settings) == []
    settings.BANK_GATEWAY = "simple"
    assert found(settings) == []


def test_the_checks_are_registered() -> None:
    assert check_bank in registry.registry.get_checks()


def test_an_unknown_gateway(environment: str, settings: Any) -> None:
    settings.BANK_GATEWAY = "mercantil"
    assert found(settings) == ["banking.E001"]


@pytest.mark.parametrize("name", list(RIGHT)[:6])
def test_what_is_missing_stops_production_only(
    environment: str, settings: Any, name: str
) -> None:
    letter = "E" if environment == "production" else "W"
    assert found(settings, **{name: ""}) == [f"banking.{letter}002"]


@pytest.mark.parametrize("name", ["API_URL", "API_KEY"])
def test_the_simple_gateway_needs_its_own(
    environment: str, settings: Any, name: str
) -> None:
    settings.BANK_GATEWAY = "simple"
    assert len(found(settings, **{name: ""})) == 1


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"TOKEN_URL": "/token"}, "E003"),
        ({"QUERY_URL": "ftp://bank/x"}, "E003"),
        ({"QUERY_URL": "https://[::1/x"}, "E003"),
        ({"QUERY_URL": "https://bank:port/x"}, "E003"),
        ({"QUERY_URL": "https://user:pass@bank/x"}, "E004"),
        ({"ACCOUNT_ID": "0134************0007"}, "E007"),
        ({"ACCOUNT_ID": "01340000880000000008"}, "E007"),
        ({"RIF": "J305959103"}, "E008"),
        ({"RATE_LIMIT": 11}, "E009"),
        ({"MAX_SIMULTANEOUS": 101}, "E010"),
        ({"TIMEOUT_SECONDS": 31}, "E011"),
        ({"CA_BUNDLE": "/nowhere/bank.pem"}, "E012"),
        ({"MAINTENANCE_WINDOW": "2 to 6"}, "E013"),
    ],
)
def test_what_is_wrong_is_refused_everywhere(
    environment: str, settings: Any, changed: dict[str, object], number: str
) -> None:
    assert found(settings, **changed) == [f"banking.{number}"]


@pytest.mark.parametrize(
    ("url", "numbers"),
    [
        ("http://api.banesco.test/x", ["banking.E005"]),
        ("http://localhost:8100/x", ["banking.E005", "banking.E006"]),
        ("https://bank.localhost/x", ["banking.E006"]),
        ("https://127.0.0.1/x", ["banking.E006"]),
        ("https://[::1]/x", ["banking.E006"]),
        ("https://0.0.0.0/x", ["banking.E006"]),
        ("https://sandbox.clinic.test/x", ["banking.E006"]),
        ("https://10.1.2.3/x", []),
    ],
)
def test_production_asks_the_bank_itself(
    settings: Any, url: str, numbers: list[str]
) -> None:
    settings.ENVIRONMENT = "production"
    settings.BANK_GATEWAY = "banesco"
    settings.BANESCO = {**settings.BANESCO, **RIGHT}
    assert found(settings, QUERY_URL=url) == numbers
    settings.ENVIRONMENT = "local"
    assert found(settings, QUERY_URL=url) == []


def test_a_bundle_a_window_and_a_grouped_account_pass(
    environment: str, settings: Any, tmp_path: Path
) -> None:
    bundle = tmp_path / "bank.pem"
    bundle.write_text("certificates")
    good = {
        "CA_BUNDLE": str(bundle),
        "MAINTENANCE_WINDOW": "23:00-01:00",
        "ACCOUNT_ID": "0134-0000-88-0000000007",
    }
    assert found(settings, **good) == []
