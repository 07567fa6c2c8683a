"""A machine's key, address, limit and signature, tried over the API itself."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db.models.functions import Now
from http_message_signatures import ContentDigest, algorithms
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import ClientKey, UsedNonce, User
from accounts.services import machines
from accounts.tasks import forget_expired
from audit.models import Record
from tests.accounts.machines import Machine, deliver, make_machine, private_pem
from tests.bank import Bank
from tests.together import together
from tests.transactions.desk import in_review
from transactions.models import Transaction

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

ME = "/api/v1/auth/me"
TRANSACTIONS = "/api/v1/transactions"
WHY = {"reason": "El socio lo devolvió"}


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def why(answer: Any) -> str:
    assert code(answer) == (401, "INVALID_SIGNATURE"), answer.content
    return str(answer.json()["error"]["details"]["why"])


def last_told() -> tuple[str, Any, dict[str, Any]]:
    record = Record.objects.latest("id")
    return record.action, record.actor_id, json.loads(record.facts)


@pytest.fixture
def machine(root: User) -> Machine:
    return make_machine(root, "transaction:read", "transaction:review")


@pytest.fixture
def claim(ana: User, bank: Bank) -> Transaction:
    return in_review(ana, bank)


@pytest.fixture
def rejection(machine: Machine, claim: Transaction) -> Callable[..., Any]:
    """An unsigned request that rejects the claim."""

    def make(**headers: str) -> Any:
        path = f"{TRANSACTIONS}/{claim.pk}/reject"
        return machine.request("POST", path, WHY, **headers)

    return make


# --- The key ------------------------------------------------------------------------


def test_a_key_opens_what_was_granted_and_no_more(
    machine: Machine, claim: Transaction
) -> None:
    assert deliver(machine.request("GET", TRANSACTIONS)).status_code == 200
    refused = deliver(machine.request("POST", f"{TRANSACTIONS}/{claim.pk}/withdraw"))
    assert code(refused) == (403, "FORBIDDEN")
    assert deliver(machine.request("GET", ME)).json()["permissions"] == [
        "transaction:read"
    ]
    assert deliver(machine.request("GET", "/api/v1/users")).status_code == 403
    assert deliver(machine.request("GET", "/admin/")).status_code == 302


def test_each_decision_is_journaled(machine: Machine) -> None:
    prefix, actor = machine.issued.key.prefix, machine.client.pk
    deliver(machine.request("GET", TRANSACTIONS))
    granted = {
        "key": prefix,
        "signed": False,
        "method": "GET",
        "route": "api/v1/transactions",
    }
    assert last_told() == ("accounts.access_granted", actor, granted)
    deliver(machine.request("GET", "/api/v1/users"))
    assert last_told() == (
        "accounts.access_refused",
        actor,
        {
            "code": "FORBIDDEN",
            "key": prefix,
            "permission": "user:manage",
            "route": "api/v1/users",
            "signed": False,
        },
    )
    wrong = machine.request("GET", ME, X_API_Key=f"am_{prefix}_{'x' * 43}")
    assert code(deliver(wrong)) == (401, "INVALID_API_KEY")
    assert last_told() == (
        "accounts.access_refused",
        None,
        {
            "code": "INVALID_API_KEY",
            "key": prefix,
            "route": "api/v1/auth/me",
            "why": "secret",
        },
    )
    assert Record.objects.filter(action="accounts.access_granted").count() == 1


def test_a_person_is_not_journaled_at_each_step(api: Any, ana: User) -> None:
    api(ana).get(ME)
    assert not Record.objects.filter(action="accounts.access_granted").exists()


def _revoked(root: User, machine: Machine) -> None:
    machines.revoke_key(actor=root, key=machine.issued.key, reason="Fuga")


def _expired(root: User, machine: Machine) -> None:
    _ends_at(machine, Now() - timedelta(seconds=1))


def _rotated_out(root: User, machine: Machine) -> None:
    key = machine.issued.key
    machines.rotate(actor=root, key=key, overlap=timedelta(0))


def _closed(root: User, machine: Machine) -> None:
    # A key that lives although its client is closed.
    User.objects.filter(pk=machine.client.pk).update(is_active=False)


def _ends_at(machine: Machine, moment: Any) -> None:
    ClientKey.objects.update(created_at=Now() - timedelta(days=9), expires_at=moment)


@pytest.mark.parametrize(
    ("end", "noted"),
    [
        (_revoked, "revoked"),
        (_expired, "expired"),
        (_rotated_out, "expired"),
        (_closed, "closed"),
    ],
)
def test_an_ended_key_is_refused_and_looks_like_a_wrong_one(
    root: User, machine: Machine, end: Any, noted: str
) -> None:
    end(root, machine)
    wrong = machine.request("GET", ME, X_API_Key="am_0123456789_" + "x" * 43)
    bodies = []
    for request in (
        wrong,
        machine.request("GET", ME),
        machine.sign(machine.request("GET", ME)),
    ):
        answer = deliver(request)
        assert code(answer) == (401, "INVALID_API_KEY")
        body = answer.json()["error"]
        bodies.append({k: body[k] for k in ("type", "code", "message", "details")})
    assert bodies[0] == bodies[1] == bodies[2]
    assert last_told()[2]["why"] == noted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "am__",
        "am_0123456789",
        "am_0123456789_" + "x" * 42,
        "am_0123456789_" + "x" * 44,
        "am_ZZZZZZZZZZ_" + "x" * 43,
        "Bearer am_0123456789_" + "x" * 43,
        "am_0123456789_" + "ñ" * 43,
        "x" * 10_000,
    ],
)
def test_what_is_no_key_is_refused(machine: Machine, text: str) -> None:
    request = machine.request("GET", ME)
    request.headers["X-API-Key"] = text
    assert code(deliver(request)) == (401, "INVALID_API_KEY")


def test_both_keys_work_while_they_overlap(root: User, machine: Machine) -> None:
    old = machine.request("GET", ME)
    machine.issued = machines.rotate(actor=root, key=machine.issued.key)
    new = machine.request("GET", ME)
    assert [deliver(each).status_code for each in (old, new)] == [200, 200]
    assert deliver(machine.sign(machine.request("GET", ME))).status_code == 200


def test_a_closed_client_is_out_at_once(root: User, machine: Machine) -> None:
    machines.close(actor=root, client=machine.client, reason="Terminó")
    assert code(deliver(machine.request("GET", ME))) == (401, "INVALID_API_KEY")
    machines.reopen(actor=root, client=machine.client, reason="Renovó")
    assert code(deliver(machine.request("GET", ME))) == (401, "INVALID_API_KEY")


# --- Where from, how often, when ------------------------------------------------------


@pytest.mark.parametrize(
    ("networks", "address", "is_allowed"),
    [
        ([], "198.51.100.1", True),
        (["203.0.113.7"], "203.0.113.7", True),
        (["203.0.113.7"], "203.0.113.8", False),
        (["203.0.113.0/24", "2001:db8::/32"], "203.0.113.255", True),
        (["203.0.113.0/24", "2001:db8::/32"], "2001:db8:ffff::1", True),
        (["203.0.113.0/24", "2001:db8::/32"], "2001:db9::1", False),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["203.0.113.0/24"], "::ffff:203.0.114.9", False),
        (["0.0.0.0/0"], "2001:db8::1", False),
        (["203.0.113.0/24"], "", False),
        (["203.0.113.0/24"], "unknown", False),
    ],
)
def test_a_key_opens_from_its_addresses_only(
    root: User, networks: list[str], address: str, is_allowed: bool
) -> None:
    machine = make_machine(root, allowed_addresses=networks)
    answer = deliver(machine.request("GET", ME), REMOTE_ADDR=address)
    assert (answer.status_code == 200) is is_allowed
    if not is_allowed:
        assert code(answer) == (403, "ADDRESS_NOT_ALLOWED")
        _, actor, facts = last_told()
        assert actor is None
        assert facts["client"] == str(machine.client.pk)
        assert address == "" or address not in str(facts)
        machine.issued.key.refresh_from_db()
        assert machine.issued.key.last_used_at is None


def test_behind_a_proxy_of_ours_its_word_counts(root: User, settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    machine = make_machine(root, allowed_addresses=["203.0.113.7"])
    for told, status in (
        ("203.0.113.7", 200),
        ("198.51.100.1, 203.0.113.7", 200),
        ("203.0.113.7, 198.51.100.1", 403),
    ):
        request = machine.request("GET", ME, X_Forwarded_For=told)
        assert deliver(request).status_code == status


def test_each_client_has_a_limit_of_its_own(root: User) -> None:
    slow = make_machine(root, name="Lento", requests_per_minute=2)
    quick = make_machine(root, name="Rápido", requests_per_minute=100)
    first = deliver(slow.request("GET", ME))
    assert first["X-RateLimit-Limit"] == "2"
    assert first["X-RateLimit-Remaining"] == "1"
    # A second key of the same client is no second allowance.
    slow.issued = machines.issue_key(actor=root, client=slow.client)
    assert deliver(slow.request("GET", ME)).status_code == 200
    beyond = deliver(slow.request("GET", ME))
    assert code(beyond) == (429, "RATE_LIMIT_EXCEEDED")
    assert int(beyond["Retry-After"]) >= 1
    assert deliver(quick.request("GET", ME))["X-RateLimit-Limit"] == "100"


def test_guessing_is_limited_by_address(machine: Machine, settings: Any) -> None:
    settings.RATE_LIMIT_REQUESTS = 3
    wrong = machine.request("GET", ME, X_API_Key="am_0123456789_" + "x" * 43)
    before = Record.objects.count()
    statuses = [deliver(wrong, REMOTE_ADDR="198.51.100.9") for _ in range(5)]
    assert [each.status_code for each in statuses] == [401, 401, 401, 429, 429]
    # Nor is the journal filled by it.
    assert Record.objects.count() == before + 3


def test_the_last_use_is_kept_to_the_minute(machine: Machine) -> None:
    key = machine.issued.key
    deliver(machine.request("GET", ME))
    key.refresh_from_db()
    first = key.last_used_at
    assert first is not None
    deliver(machine.request("GET", ME))
    key.refresh_from_db()
    assert key.last_used_at == first
    ClientKey.objects.update(last_used_at=first - timedelta(minutes=2))
    deliver(machine.request("GET", ME))
    key.refresh_from_db()
    assert key.last_used_at > first - timedelta(minutes=1)


# --- Signatures -----------------------------------------------------------------------


def test_unsigned_it_moves_no_money(rejection: Any, claim: Transaction) -> None:
    assert code(deliver(rejection())) == (403, "SIGNATURE_REQUIRED")
    claim.refresh_from_db()
    assert claim.status == "TO_REVIEW"
    action, _, facts = last_told()
    assert action == "accounts.access_refused"
    assert facts["code"] == "SIGNATURE_REQUIRED"
    assert facts["permission"] == "transaction:review"


def test_without_the_scope_a_signature_is_not_even_asked_for(
    root: User, claim: Transaction
) -> None:
    machine = make_machine(root, "transaction:read")
    path = f"{TRANSACTIONS}/{claim.pk}/reject"
    for request in (
        machine.request("POST", path, WHY),
        machine.sign(machine.request("POST", path, WHY)),
    ):
        assert code(deliver(request)) == (403, "FORBIDDEN")


def test_signed_it_does_and_the_journal_says_by_whom(
    machine: Machine, rejection: Any, claim: Transaction
) -> None:
    request = machine.sign(rejection(Idempotency_Key="socio-1"))
    answer = deliver(request)
    assert answer.status_code == 200, answer.content
    claim.refresh_from_db()
    assert claim.status == "CANCELED"
    moved = Record.objects.filter(action="transactions.moved").latest("id")
    assert moved.actor_id == machine.client.pk
    granted = Record.objects.get(action="accounts.access_granted")
    assert json.loads(granted.facts)["signed"] is True


def test_a_lost_answer_is_asked_for_again_with_a_new_signature(
    machine: Machine, rejection: Any
) -> None:
    first = deliver(machine.sign(rejection(Idempotency_Key="socio-1")))
    again = deliver(machine.sign(rejection(Idempotency_Key="socio-1")))
    assert again["Idempotent-Replayed"] == "true"
    assert json.loads(again.content) == json.loads(first.content)


@pytest.mark.parametrize(
    "covered",
    [
        ("@method", "@authority", "@path", "@query"),
        ("@method", "@target-uri", "x-api-key", "content-type"),
    ],
)
def test_the_target_may_be_named_in_parts(
    machine: Machine, rejection: Any, covered: tuple[str, ...]
) -> None:
    assert deliver(machine.sign(rejection(), covered=covered)).status_code == 200


def test_the_public_address_is_signed_behind_a_proxy(
    machine: Machine, settings: Any
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.ALLOWED_HOSTS = ["clinica.example"]
    request = machine.request("GET", f"{TRANSACTIONS}?status=COMPLETED&search=a%20b")
    inside = request.url
    request.url = request.url.replace("http://testserver", "https://clinica.example")
    machine.sign(request)
    request.url = inside
    request.headers["X-Forwarded-Proto"] = "https"
    assert deliver(request, HTTP_HOST="clinica.example").status_code == 200
    # The same, had it come in plainly.
    again = machine.sign(machine.request("GET", TRANSACTIONS))
    again.headers["X-Forwarded-Proto"] = "https"
    assert why(deliver(again, HTTP_HOST="clinica.example")) == "signature"


def now() -> datetime:
    return datetime.now(UTC)


def seconds(number: int) -> datetime:
    return now() + timedelta(seconds=number)


# What is wrong with the signature -> how it was made, and what is said.
BADLY_MADE: dict[str, tuple[Callable[[Machine], dict[str, Any]], str]] = {
    "no method": (lambda m: {"covered": ("@target-uri",)}, "components"),
    "no target": (lambda m: {"covered": ("@method",)}, "components"),
    "path alone": (lambda m: {"covered": ("@method", "@path")}, "components"),
    "no query": (
        lambda m: {"covered": ("@method", "@authority", "@path")},
        "components",
    ),
    "no idempotency key": (
        lambda m: {"covered": ("@method", "@target-uri")},
        "components",
    ),
    "no digest": (lambda m: {"body": None}, "digest"),
    "old": (lambda m: {"created": seconds(-310)}, "created"),
    "future": (lambda m: {"created": seconds(310)}, "created"),
    "expired": (
        lambda m: {"created": seconds(-60), "expires": seconds(-1)},
        "expires",
    ),
    "no nonce": (lambda m: {"nonce": None}, "nonce"),
    "short nonce": (lambda m: {"nonce": "x" * 15}, "nonce"),
    "long nonce": (lambda m: {"nonce": "x" * 129}, "nonce"),
    "nonce with blanks": (lambda m: {"nonce": " " * 20}, "nonce"),
    "another's key": (
        lambda m: {"private": private_pem(Ed25519PrivateKey.generate())},
        "signature",
    ),
    "unknown key id": (lambda m: {"key_id": "0123456789"}, "signature"),
    "no algorithm": (lambda m: {"include_alg": False}, "algorithm"),
    "another algorithm": (
        lambda m: {
            "algorithm": algorithms.ECDSA_P256_SHA256,
            "private": ec.generate_private_key(ec.SECP256R1()),
        },
        "signature",
    ),
    "public key as secret": (
        lambda m: {
            "algorithm": algorithms.HMAC_SHA256,
            "private": m.issued.key.public_key.encode(),
        },
        "signature",
    ),
}


@pytest.mark.parametrize("trouble", list(BADLY_MADE))
def test_a_badly_made_signature_is_refused_and_nothing_done(
    machine: Machine, rejection: Any, claim: Transaction, trouble: str
) -> None:
    make, said = BADLY_MADE[trouble]
    request = machine.sign(rejection(Idempotency_Key="socio-1"), **make(machine))
    assert why(deliver(request)) == said
    claim.refresh_from_db()
    assert claim.status == "TO_REVIEW"
    assert not UsedNonce.objects.exists()
    action, actor, facts = last_told()
    assert (action, actor) == ("accounts.access_refused", None)
    assert facts["key"] == machine.issued.key.prefix
    assert facts["why"] == said


def _another_body(request: Any) -> None:
    request.body = request.body.replace(b"socio", b"otro!")


def _another_body_and_digest(request: Any) -> None:
    _another_body(request)
    request.headers["Content-Digest"] = ContentDigest.create(request.body)


def _no_body(request: Any) -> None:
    request.body = b""


def _another_path(request: Any) -> None:
    request.url = request.url.replace("/reject", "/approve")


def _a_query(request: Any) -> None:
    request.url += "?x=1"


def _another_method(request: Any) -> None:
    request.method = "PUT"


def _another_idempotency_key(request: Any) -> None:
    request.headers["Idempotency-Key"] = "socio-2"


def _another_time(request: Any) -> None:
    told = request.headers["Signature-Input"]
    created = told.split("created=")[1][:10]
    request.headers["Signature-Input"] = told.replace(created, str(int(created) + 1))


def _another_nonce(request: Any) -> None:
    told = request.headers["Signature-Input"]
    request.headers["Signature-Input"] = told.replace('nonce="', 'nonce="x')


def _no_signature(request: Any) -> None:
    del request.headers["Signature"]


def _no_input(request: Any) -> None:
    del request.headers["Signature-Input"]


def _two_signatures(request: Any) -> None:
    for name in ("Signature", "Signature-Input"):
        told = request.headers[name]
        request.headers[name] = f"{told}, {told.replace('pyhms=', 'other=', 1)}"


def _garbage(request: Any) -> None:
    request.headers["Signature"] = "pyhms=:AAAA:"


def _weak_digest(request: Any) -> None:
    request.headers["Content-Digest"] = "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"


@pytest.mark.parametrize(
    ("alter", "said"),
    [
        (_another_body, "digest"),
        (_another_body_and_digest, "signature"),
        (_no_body, "digest"),
        (_another_path, "signature"),
        (_a_query, "signature"),
        (_another_method, "signature"),
        (_another_idempotency_key, "signature"),
        (_another_time, "signature"),
        (_another_nonce, "signature"),
        (_no_signature, "signature"),
        (_no_input, "signature"),
        (_two_signatures, "signature"),
        (_garbage, "signature"),
        (_weak_digest, "signature"),
    ],
)
def test_an_altered_request_is_refused_and_nothing_done(
    machine: Machine, rejection: Any, claim: Transaction, alter: Any, said: str
) -> None:
    request = machine.sign(rejection(Idempotency_Key="socio-1"))
    alter(request)
    assert why(deliver(request)) == said
    claim.refresh_from_db()
    assert claim.status == "TO_REVIEW"


def test_a_digest_that_never_fitted_is_refused(
    machine: Machine, rejection: Any
) -> None:
    request = rejection()
    request.headers["Content-Digest"] = ContentDigest.create(b"another body")
    covered = ("@method", "@target-uri", "content-digest")
    machine.sign(request, body=None, covered=covered, use_existing_digest=True)
    assert why(deliver(request)) == "digest"


def test_a_wrong_signature_is_refused_where_none_is_needed(machine: Machine) -> None:
    request = machine.sign(machine.request("GET", ME))
    request.headers["Signature"] = "pyhms=:AAAA:"
    assert why(deliver(request)) == "signature"


def test_a_key_without_a_public_one_cannot_sign(root: User, machine: Machine) -> None:
    machine.issued = machines.issue_key(actor=root, client=machine.client)
    assert deliver(machine.request("GET", ME)).status_code == 200
    assert why(deliver(machine.sign(machine.request("GET", ME)))) == "no_public_key"


def test_one_clients_signature_says_nothing_with_anothers_key(
    root: User, machine: Machine
) -> None:
    other = make_machine(root, name="Otro")
    request = machine.sign(machine.request("GET", ME))
    request.headers["X-API-Key"] = other.issued.text
    assert why(deliver(request)) == "signature"


@pytest.mark.parametrize("created", [-290, 290])
def test_clocks_may_differ_by_five_minutes(machine: Machine, created: int) -> None:
    request = machine.sign(machine.request("GET", ME), created=seconds(created))
    assert deliver(request).status_code == 200


def test_a_signature_is_used_once(
    machine: Machine, rejection: Any, claim: Transaction
) -> None:
    request = machine.sign(rejection())
    assert deliver(request).status_code == 200
    assert why(deliver(request)) == "nonce_used"


def test_a_nonce_is_used_up_by_its_own_key_only(root: User, machine: Machine) -> None:
    other = make_machine(root, name="Otro")
    for each in (machine, other):
        request = each.sign(each.request("GET", ME), nonce="0123456789abcdef")
        assert deliver(request).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_parallel_replays_exactly_one_gets_through(machine: Machine) -> None:
    for _ in range(5):
        request = machine.sign(machine.request("GET", ME))
        answers = together(*[lambda request=request: deliver(request)] * 6)
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200, 401, 401, 401, 401, 401]
    assert UsedNonce.objects.count() == 5


def test_old_nonces_are_forgotten(machine: Machine) -> None:
    deliver(machine.sign(machine.request("GET", ME)))
    deliver(machine.sign(machine.request("GET", ME)))
    old = UsedNonce.objects.earliest("pk")
    UsedNonce.objects.filter(pk=old.pk).update(used_at=Now() - timedelta(hours=2))
    forget_expired()
    kept = UsedNonce.objects.get()
    assert kept.pk != old.pk


_WRITTEN = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=200)
_LIKELY = st.sampled_from(
    [
        'pyhms=("@method");created=1;keyid="x";alg="ed25519";nonce="x"',
        "pyhms=1",
        "pyhms=()",
        'pyhms=("@method" "@method")',
        'pyhms=("@status")',
        'pyhms=("@query-param";name="x")',
        "pyhms=(1);created=@1;keyid=?1",
        'pyhms=();nonce=%"%00"',
        "pyhms=:AAAA:",
        ", ,",
    ]
)


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=_WRITTEN | _LIKELY, signed=_WRITTEN | _LIKELY)
def test_nonsense_is_refused_in_order(machine: Machine, told: str, signed: str) -> None:
    request = machine.request("GET", ME)
    request.headers["Signature-Input"] = told
    request.headers["Signature"] = signed
    assert why(deliver(request)) in {"signature", "created"}


def test_the_document_names_the_key(client: Any) -> None:
    accept = {"Accept": "application/vnd.oai.openapi+json"}
    document = json.loads(client.get("/api/schema", headers=accept).content)
    schemes = document["components"]["securitySchemes"]
    assert schemes["machine"]["name"] == "X-API-Key"
    assert {"machine": []} in document["paths"][TRANSACTIONS]["get"]["security"]
