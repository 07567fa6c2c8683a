"""Bodies, queries and headers that make no sense are refused in the one body."""

from io import BytesIO
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.ledger.books import TRANSIT
from tests.transactions.bodies import TRANSACTIONS
from transactions.models import Transaction

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

DEEP = b"[" * 100_000 + b"]" * 100_000
MANY_KEYS = b"{" + b",".join(b'"%d":1' % n for n in range(201)) + b"}"
BODIES = [
    (b"", 400),
    (b"{", 400),
    (b"not json", 400),
    (b"\xff\xfe", 400),
    (b"\xef\xbb\xbf{}", 400),
    (b'{"a": NaN}', 400),
    (b'{"a": Infinity}', 400),
    (b'{"a": 1e400}', 400),
    (b'{"a": ' + b"9" * 5000 + b"}", 400),
    (b'{"reference": "1", "reference": "2"}', 400),
    (b'{"a": {"b": 1, "b": 2}}', 400),
    (b'{"a": "\\u0000"}', 400),
    (b'{"a\\u0000": 1}', 400),
    (b'{"a": "\\ud800"}', 400),
    (b'{"a": "\\udfff\\ud800"}', 400),
    (b"[" * 33 + b"]" * 33, 400),
    (b'{"a":' * 40 + b"1" + b"}" * 40, 400),
    (DEEP, 400),
    (MANY_KEYS, 400),
    (b'{"a": "' + b"x" * 262_144 + b'"}', 413),
    (b"x" * 2_000_000, 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
def test_a_senseless_body_is_refused(
    api: Any, ana: User, body: bytes, status: int
) -> None:
    answer = api(ana).post(TRANSACTIONS, data=body, content_type="application/json")
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["type"] == "validation"
    assert error["status"] == status
    assert not Transaction.objects.exists()


@pytest.mark.parametrize(
    ("body", "spanish", "english"),
    [
        (b"{", "no es JSON válido", "not valid JSON"),
        (b'{"a": NaN}', "NaN no es JSON", "NaN is not JSON"),
        (b'{"a": 1, "a": 2}', "una clave está dos veces", "duplicate key"),
        (MANY_KEYS, "demasiadas claves", "too many keys"),
        (b'{"a": "\\u0000"}', "contiene un carácter NUL", "NUL character"),
        (
            b'{"a": "\\ud800"}',
            "contiene un sustituto UTF-16 sin su pareja",
            "lone surrogate",
        ),
        (DEEP, "está anidado a demasiada profundidad", "nested too deep"),
    ],
)
def test_why_a_body_cannot_be_read_is_told_in_the_readers_language(
    api: Any, ana: User, body: bytes, spanish: str, english: str
) -> None:
    client = api(ana)
    for language, why in (("es", spanish), ("en", english)):
        answer = client.post(
            TRANSACTIONS,
            data=body,
            content_type="application/json",
            headers={"Accept-Language": language},
        )
        error = answer.json()["error"]
        assert error["details"]["why"] == why
        assert error["message"].endswith(f": {why}")


def test_brackets_inside_a_text_are_no_depth(api: Any, ana: User) -> None:
    body = b'{"concept": "' + b"[{" * 40 + b'\\""}'
    answer = api(ana).post(TRANSACTIONS, data=body, content_type="application/json")
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("text/plain", 415),
        ("application/xml", 415),
        ("multipart/form-data; boundary=x", 415),
        ("application/x-www-form-urlencoded", 415),
        ("application/json; charset=utf-16", 400),
    ],
)
def test_only_json_is_read(api: Any, ana: User, content_type: str, status: int) -> None:
    answer = api(ana).post(TRANSACTIONS, data=b"a=1", content_type=content_type)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/nothing",
        "/api/v1/",
        "/api/",
        "/nothing",
        "/api/v1/transactions/x/nothing",
        "/static/nothing.js",
        "/api/v1/transactions/%00",
        "/api/v1/transactions/..%2f..%2fetc",
    ],
)
def test_an_unknown_address_has_the_one_body_too(
    api: Any, ana: User, address: str
) -> None:
    answer = api(ana).get(address)
    assert answer.status_code in {400, 404}
    error = answer.json()["error"]
    assert set(error) == {
        "type",
        "code",
        "status",
        "message",
        "details",
        "timestamp",
        "correlation_id",
    }
    assert error["correlation_id"] == answer["X-Request-ID"]


@pytest.mark.parametrize("query", ["search=%00", "search=a%00b", "status=%00"])
def test_a_nul_in_the_query_is_refused(api: Any, ana: User, query: str) -> None:
    assert api(ana).get(f"{TRANSACTIONS}?{query}").status_code == 400


def test_a_moment_at_the_end_of_all_calendars_is_refused(api: Any, person: Any) -> None:
    """It has no time zone, and in ours it would lie beyond the last one there is."""
    client, far = api(person("berta", "bookkeeper")), "9999-12-31T23:59:59"
    balance = f"/api/v1/ledger/accounts/{TRANSIT}/balance"
    for name, answer in (
        ("at", client.get(balance, {"at": far})),
        (
            "expires_at",
            client.post("/api/v1/ledger/holds", {"expires_at": far}, "json"),
        ),
    ):
        error = answer.json()["error"]
        assert error["code"] == "VALIDATION_ERROR"
        assert name in error["details"]["fields"]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_method_the_address_does_not_take(api: Any, ana: User, method: str) -> None:
    answer = getattr(api(ana), method)(TRANSACTIONS)
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "METHOD_NOT_ALLOWED"
    assert answer["Allow"]


@pytest.mark.parametrize("address", ["/health", "/health/ready", "/metrics"])
def test_probes_are_only_read(address: str) -> None:
    answer = APIClient().post(address)
    assert answer.status_code == 405
    assert answer.json()["error"]["code"] == "ADDRESS_IS_READ_ONLY"
    assert answer["Allow"] == "GET, HEAD"


def test_a_nul_is_refused_at_the_back_office_too(db: None) -> None:
    assert APIClient().get("/admin/login/?next=%00").status_code == 400


def test_a_body_of_unknown_length_is_capped_as_it_is_read(
    api: Any, ana: User, settings: Any
) -> None:
    settings.MAX_BODY_BYTES = 10
    from areamedica.api.parsing import StrictJSONParser
    from areamedica.errors import BodyTooLarge

    with pytest.raises(BodyTooLarge):
        StrictJSONParser().parse(BytesIO(b"[" + b"1," * 10 + b"1]"))


def test_only_json_is_answered(api: Any, ana: User) -> None:
    answer = api(ana).get(TRANSACTIONS, headers={"Accept": "text/html"})
    assert answer.status_code == 406
    assert answer.json()["error"]["code"] == "NOT_ACCEPTABLE"


def test_a_stranger_is_told_to_sign_in(db: None) -> None:
    answer = APIClient().get(TRANSACTIONS)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "UNAUTHORIZED"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["X-RateLimit-Limit"]


def test_messages_follow_the_readers_language(db: None) -> None:
    spanish = APIClient().get(TRANSACTIONS)
    english = APIClient().get(TRANSACTIONS, headers={"Accept-Language": "en"})
    assert english.json()["error"]["message"] == "Sign in first."
    assert spanish.json()["error"]["message"] == "Primero inicie sesión."


def test_a_request_id_is_kept_when_well_formed(db: None) -> None:
    given = APIClient().get("/health/live", headers={"X-Request-ID": "till-3-0001"})
    assert given["X-Request-ID"] == "till-3-0001"
    odd = APIClient().get("/health/live", headers={"X-Request-ID": "a b\n<script>"})
    assert len(odd["X-Request-ID"]) == 36


def test_limits_are_counted_and_told(api: Any, ana: User, settings: Any) -> None:
    client = api(ana)
    settings.USER_RATE_LIMIT_REQUESTS = 3
    left = [client.get(TRANSACTIONS)["X-RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    refused = client.get(TRANSACTIONS)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "RATE_LIMIT_EXCEEDED"
    assert int(refused["Retry-After"]) >= 1
    assert refused["X-RateLimit-Limit"] == "3"


def test_a_stolen_token_does_not_guess_the_password(api: Any, ana: User) -> None:
    """Five tries a minute, whatever the limit of requests is."""
    client = api(ana)
    body = {"current_password": "x", "password": "y", "password_confirmation": "y"}
    codes = [
        client.put("/api/v1/profile/password", body, format="json").json()["error"][
            "code"
        ]
        for _ in range(6)
    ]
    assert codes == ["INVALID_PASSWORD"] * 5 + ["RATE_LIMIT_EXCEEDED"]
    refused = client.put("/api/v1/profile/password", body, format="json")
    assert refused["X-RateLimit-Limit"] == "5"
    assert int(refused["Retry-After"]) <= 60
    assert client.get("/api/v1/profile").status_code == 200


def test_guessed_tokens_are_counted_too(db: None, settings: Any) -> None:
    settings.RATE_LIMIT_REQUESTS = 2
    codes = [
        APIClient()
        .get(TRANSACTIONS, headers={"Authorization": f"Bearer guess-{number}"})
        .status_code
        for number in range(3)
    ]
    assert codes == [401, 401, 429]


def test_strangers_are_limited_by_address(db: None, settings: Any) -> None:
    settings.RATE_LIMIT_REQUESTS = 2
    codes = [APIClient().get(TRANSACTIONS).status_code for _ in range(3)]
    assert codes == [401, 401, 429]
    settings.LOGIN_RATE_LIMIT_REQUESTS = 1
    body = {"email": "x@y.test", "password": "x"}
    tries = [
        APIClient().post("/api/v1/auth/login", body, format="json").status_code
        for _ in range(2)
    ]
    assert tries == [401, 429]


@pytest.mark.parametrize(
    ("proxies", "address"), [(0, "127.0.0.1"), (1, "3.3.3.3"), (2, "2.2.2.2")]
)
def test_only_our_own_proxies_are_believed(
    rf: Any, settings: Any, proxies: int, address: str
) -> None:
    from areamedica.addresses import client_address

    settings.TRUSTED_PROXIES = proxies
    request = rf.get("/", headers={"X-Forwarded-For": "1.1.1.1, 2.2.2.2, 3.3.3.3"})
    assert client_address(request) == address


def test_with_redis_gone_reading_goes_on_and_signing_in_waits(
    api: Any, ana: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from areamedica.api import throttling

    client = api(ana)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    throttling._limiter.cache_clear()
    try:
        assert client.get(TRANSACTIONS).status_code == 200
        body = {"email": "x@y.test", "password": "x"}
        closed = client.post("/api/v1/auth/login", body, format="json")
        assert closed.status_code == 503
        assert closed["Retry-After"] == "5"
    finally:
        throttling._limiter.cache_clear()


def test_a_bug_is_answered_without_its_inside(
    api: Any, ana: User, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("secret 04141234567 V12345678 ana@clinica.test")

    monkeypatch.setattr("transactions.api.views.submit", broken)
    body = {"reference": "123456", "customer_full_name": "Ana Gil"}
    answer = api(ana).post(f"{TRANSACTIONS}/full-reference", body, format="json")
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "INTERNAL_ERROR"
    assert "secret" not in answer.content.decode()


def test_a_database_that_is_away_is_a_503(
    api: Any, ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def away(*_: object, **__: object) -> None:
        raise OperationalError("connection refused")

    client = api(ana)
    monkeypatch.setattr("transactions.api.views.submit", away)
    body = {"reference": "123456", "customer_full_name": "Ana Gil"}
    answer = client.post(f"{TRANSACTIONS}/full-reference", body, format="json")
    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "DATABASE_ERROR"
    assert answer["Retry-After"] == "2"


@pytest.mark.parametrize("garbage", ["%00", "%ED%A0%80", "%FF", "%C3"])
@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v1/transactions/{}", ""),
        ("/api/v1/users/{}", ""),
        ("/{}", ""),
        ("/api/v1/transactions", "search={}"),
        ("/api/v1/transactions", "cursor={}"),
        ("/api/v1/users", "sort={}"),
        ("/health", "x={}"),
        ("/admin/login/", "next={}"),
    ],
)
def test_an_address_that_is_no_text_is_refused(
    api: Any, ana: User, path: str, query: str, garbage: str
) -> None:
    """A NUL, a lone surrogate, a byte that UTF-8 does not have, half a letter."""
    answer = api(ana).get(path.format(garbage), QUERY_STRING=query.format(garbage))
    assert answer.status_code == 400
    if not path.startswith("/admin"):
        assert answer.json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.parametrize(
    "header",
    [
        {"HTTP_ACCEPT_LANGUAGE": "\udc80\xff"},
        {"HTTP_X_REQUEST_ID": "\xff\x00abcdefgh"},
        {"HTTP_IDEMPOTENCY_KEY": "\xff\x00"},
        {"HTTP_AUTHORIZATION": "Bearer \xff\x00"},
        {"HTTP_X_FORWARDED_FOR": "\x00\xff, ::1"},
        {"HTTP_ORIGIN": "\xff"},
        {"HTTP_ACCEPT": "\xff/\x00"},
        {"HTTP_HOST": "\xff"},
    ],
)
def test_nonsense_in_a_header_is_survived(
    api: Any, ana: User, header: dict[str, str]
) -> None:
    answer = api(ana).post(f"{TRANSACTIONS}/full-reference", {}, "json", **header)
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"]
    assert Transaction.objects.count() == 0
