import base64
import time

import pytest
import requests

from .conftest import PASSWORD_GRANT, TOKEN, Bank


def test_the_password_grant_gives_a_bearer_for_300_seconds(sandbox: Bank) -> None:
    answer = sandbox.log_in(scope="CONSULTA DE TRANSACCIONES")
    body = answer.json()
    assert answer.status_code == 200
    assert (body["expires_in"], body["token_type"]) == (300, "Bearer")
    assert body["scope"] == "CONSULTA DE TRANSACCIONES"
    assert len(body["access_token"]) > 40


def test_the_client_may_identify_itself_by_http_basic(sandbox: Bank) -> None:
    form = {k: v for k, v in PASSWORD_GRANT.items() if not k.startswith("client")}
    pair = base64.b64encode(b"sandbox:sandbox-secret").decode()
    answer = requests.post(
        sandbox.url + TOKEN["qa"],
        data=form,
        headers={"Authorization": f"Basic {pair}"},
        timeout=5,
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"grant_type": "client_credentials"}, 401, "unauthorized_client"),
        ({"client_secret": "wrong"}, 401, "unauthorized_client"),
        ({"client_id": "wrong"}, 401, "unauthorized_client"),
        ({"password": "wrong"}, 401, "invalid_grant"),
        ({"username": "wrong"}, 401, "invalid_grant"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "magic"}, 400, "unsupported_grant_type"),
    ],
)
def test_anything_else_is_refused_as_keycloak_does(
    sandbox: Bank, changed: dict[str, str], status: int, error: str
) -> None:
    answer = sandbox.log_in(**changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_client_credentials_is_told_why(sandbox: Bank) -> None:
    answer = sandbox.log_in(grant_type="client_credentials")
    said = answer.json()["error_description"]
    assert said == "Client not enabled to retrieve service account"


def test_a_refusal_may_echo_the_secret(sandbox: Bank) -> None:
    said = sandbox.log_in(password="hush").json()["error_description"]
    assert "hush" in said


def test_the_other_realm_knows_no_such_client(sandbox: Bank) -> None:
    sandbox.flavour = "production"
    assert sandbox.log_in().status_code == 401
    sandbox.become(flavour="production")
    assert sandbox.log_in().status_code == 200


def test_a_token_dies_after_its_seconds(sandbox: Bank) -> None:
    sandbox.become(token_seconds=3)
    assert sandbox.log_in().json()["expires_in"] == 3
    block = {"referenceNumber": "1", "accountId": "", "bankId": ""}
    assert sandbox.ask(**block).status_code == 200
    time.sleep(3.05)
    assert sandbox.ask(**block).status_code == 401


@pytest.mark.parametrize(("flavour", "status"), [("qa", 401), ("production", 403)])
@pytest.mark.parametrize("token", ["", "invented"])
def test_a_bad_token_gets_plain_text(
    sandbox: Bank, flavour: str, status: int, token: str
) -> None:
    sandbox.become(flavour=flavour)
    answer = sandbox.send({}, token=token)
    assert (answer.status_code, answer.text) == (status, "Authentication failed")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_emptying_the_sandbox_keeps_the_tokens(sandbox: Bank) -> None:
    sandbox.log_in()
    sandbox.control("DELETE", "")
    assert sandbox.ask(referenceNumber="1").status_code == 200
