"""Bad tokens, each refused and nothing done; and a change of the key nobody notices."""

import http.server
import json
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.conf import settings as django_settings
from rest_framework.test import APIClient

from accounts.models import RefreshFamily, RefreshToken, User
from accounts.tokens import key_id
from audit.models import Record
from tests.accounts.test_sign_in import call, code, sign_in

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

SECRET = django_settings.JWT_SECRET
KID = key_id(SECRET)
# The tests' listener hears at this address whether a token made us call anybody.
LISTENER = "http://127.0.0.1:{port}/keys"

Claims = dict[str, Any]


def part(content: Any) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(claims: Any, header: Any = None, key: str = SECRET) -> str:
    """By hand, so that it may hold what no library would write."""
    import hashlib
    import hmac

    top = {"alg": "HS256", "kid": KID, "typ": "JWT"} if header is None else header
    told = f"{part(top)}.{part(claims)}"
    return f"{told}.{part(hmac.digest(key.encode(), told.encode(), hashlib.sha256))}"


def written(claims: Claims, key: str = SECRET, **more: Any) -> str:
    """As we write them, but for what the test changes."""
    header = {"kid": KID, **more.pop("header", {})}
    return jwt.encode(claims, key, **{"algorithm": "HS256", **more}, headers=header)


def without(claims: Claims, name: str) -> Claims:
    return {key: value for key, value in claims.items() if key != name}


def pem(private: Any) -> bytes:
    return private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


RSA = pem(rsa.generate_private_key(public_exponent=65537, key_size=2048))
EC = pem(ec.generate_private_key(ec.SECP256R1()))
DEEP = 5_000


def as_is(claims: Claims) -> bytes:
    return json.dumps(claims, separators=(",", ":")).encode()


def headed(**header: Any) -> Callable[[Claims, int], str]:
    return lambda claims, port: written(
        claims,
        header={
            name: value.format(port=port) if isinstance(value, str) else value
            for name, value in header.items()
        },
    )


def with_claims(**changes: Any) -> Callable[[Claims, int], str]:
    return lambda claims, _: written({**claims, **changes})


def lacking(name: str) -> Callable[[Claims, int], str]:
    return lambda claims, _: written(without(claims, name))


FAR = 253_402_300_799
BAD: dict[str, Callable[[Claims, int], str]] = {
    "alg none": lambda c, _: jwt.encode(c, None, algorithm="none"),
    "alg none with our kid": lambda c, _: written(c, None, algorithm="none"),
    "alg None in capitals": lambda c, _: signed(c, {"alg": "NONE", "kid": KID}),
    "alg missing": lambda c, _: signed(c, {"kid": KID, "typ": "JWT"}),
    "RS256": lambda c, _: written(c, RSA, algorithm="RS256"),
    "ES256": lambda c, _: written(c, EC, algorithm="ES256"),
    "HS512": lambda c, _: written(c, algorithm="HS512"),
    "HS384": lambda c, _: written(c, algorithm="HS384"),
    "another key": lambda c, _: written(c, "another-key-" * 6),
    "an empty key": lambda c, _: signed(c, key=""),
    "iss missing": lacking("iss"),
    "iss other": with_claims(iss="other"),
    "iss a list": lambda c, _: signed({**c, "iss": ["areamedica"]}),
    "aud missing": lacking("aud"),
    "aud other": with_claims(aud="other"),
    "aud a list": with_claims(aud=["areamedica-api", "other"]),
    "exp missing": lacking("exp"),
    "exp past": with_claims(exp=1),
    "exp far": with_claims(exp=FAR),
    "exp in Arabic digits": with_claims(exp="٢٥٣٤٠٢٣٠٠٧٩٩"),
    "exp a fraction": lambda c, _: written({**c, "exp": c["exp"] + 0.5}),
    "exp endless": lambda c, _: signed(
        as_is(c).replace(f'"exp":{c["exp"]}'.encode(), b'"exp":1e999')
    ),
    "exp true": with_claims(exp=True),
    "nbf future": with_claims(nbf=FAR),
    "iat future": lambda c, _: written({**c, "iat": c["exp"] - 1}),
    "iat missing": lacking("iat"),
    "iat of old": with_claims(iat=1),
    "jti missing": lacking("jti"),
    "type refresh": with_claims(token_type="refresh"),
    "type missing": lacking("token_type"),
    "type a list": with_claims(token_type=["access"]),
    "sub missing": lacking("sub"),
    "sub no id": with_claims(sub="x"),
    "sub SQL": with_claims(sub="' OR 1=1 --"),
    "fam missing": lacking("fam"),
    "fam no id": with_claims(fam="x"),
    "ver missing": lacking("ver"),
    "ver a word": with_claims(ver="1"),
    "ver true": with_claims(ver=True),
    "ver Arabic": with_claims(ver="١"),
    "kid missing": lambda c, _: signed(c, {"alg": "HS256", "typ": "JWT"}),
    "kid unknown": headed(kid="0" * 12),
    "kid a path": headed(kid="../../../../dev/null"),
    "kid an address": headed(kid=LISTENER),
    "kid SQL": headed(kid="' UNION SELECT 'x"),
    "kid a list": lambda c, _: signed(c, {"alg": "HS256", "kid": [KID]}),
    "kid empty": headed(kid=""),
    "jku": headed(jku=LISTENER),
    "x5u": headed(x5u=LISTENER),
    "jwk": headed(jwk={"kty": "oct", "k": part(b"k" * 40)}),
    "crit": headed(crit=["exp"]),
    "crit unknown": headed(crit=["mine"], mine=1),
    "b64 false": lambda c, _: signed(
        c,
        {"alg": "HS256", "b64": False, "crit": ["b64"], "kid": KID, "typ": "JWT"},
    ),
    "typ other": headed(typ="at+jwt"),
    "zip": headed(zip="DEF"),
    "a claim twice": lambda c, _: signed(
        as_is(c)[:-1] + f',"sub":"{c["sub"]}"}}'.encode()
    ),
    "a header twice": lambda c, _: signed(
        as_is(c),
        f'{{"alg":"none","alg":"HS256","kid":"{KID}","typ":"JWT"}}'.encode(),
    ),
    "blanks in the JSON": lambda c, _: signed(json.dumps(c).encode()),
    "claims a list": lambda c, _: signed([c]),
    "claims no JSON": lambda c, _: signed(b"hello"),
    "header no JSON": lambda c, _: signed(c, b"hello"),
    "header a list": lambda c, _: signed(c, [KID]),
    "a deep header": lambda c, _: signed(c, b"[" * DEEP),
    "a deep kid": lambda c, _: signed(c, b'{"kid":' + b"[" * DEEP),
    "a header of digits": lambda c, _: signed(c, b'{"kid":' + b"9" * DEEP + b"}"),
    "deep claims": lambda c, _: signed(b"[" * DEEP),
    "huge": lambda c, _: written({**c, "more": "x" * 1_000_000}),
    "huge and shapeless": lambda c, _: "x" * 100_000,
    "a trailing dot": lambda c, _: written(c) + ".",
    "no signature": lambda c, _: written(c).rsplit(".", 1)[0] + ".",
    "two parts": lambda c, _: written(c).rsplit(".", 1)[0],
    "padded": lambda c, _: written(c) + "=",
    "the last letter told otherwise": lambda c, _: respelt(written(c)),
    "not a token": lambda c, _: "not.a.token",
    "dots": lambda c, _: "..",
    "NUL": lambda c, _: written(c) + "\x00",
    "two keys with a blank": lambda c, _: f"{written(c)} {written(c)}",
    "empty": lambda c, _: "",
}


def respelt(token: str) -> str:
    """The same 32 bytes in other letters: the last one has two bits to spare."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = token[:-1] + letters[letters.index(token[-1]) ^ 1]
    signature = token.rsplit(".")[-1] + "="
    assert urlsafe_b64decode(signature) == urlsafe_b64decode(twin.rsplit(".")[-1] + "=")
    return twin


@pytest.fixture
def listener() -> Iterator[tuple[int, list[str]]]:
    """A server that would notice if a token made us fetch a key."""
    heard: list[str] = []

    class Ear(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Ear)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port, heard
    server.shutdown()
    server.server_close()


def claims_of(token: str) -> Claims:
    return jwt.decode(token, SECRET, algorithms=["HS256"], audience="areamedica-api")


def change(token: str, name: str = "Otra") -> Any:
    """A write, so that a token which is taken leaves a trace."""
    client = APIClient(raise_request_exception=False)
    return client.put(
        "/api/v1/profile",
        {"full_name": name},
        format="json",
        headers={"Authorization": f"Bearer {token}"},
    )


# A refresh token names its row, and the row says whose it is.
_OF_ACCESS_ONLY = ("sub", "fam", "ver", "type refresh")


def nothing_was_done(user: User) -> bool:
    user.refresh_from_db()
    return (
        user.full_name == "Ana"
        and Record.objects.count() == 1  # that she signed in
        and not RefreshToken.objects.exclude(used_at=None).exists()
        and not RefreshFamily.objects.exclude(revoked_at=None).exists()
    )


def test_no_bad_token_is_taken(ana: User, listener: tuple[int, list[str]]) -> None:
    port, heard = listener
    claims = claims_of(sign_in(ana).json()["access_token"])
    for name, make in BAD.items():
        answer = change(make(claims, port))
        assert code(answer) == (401, "INVALID_TOKEN"), name
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert nothing_was_done(ana), name
    assert len(BAD) > 70
    assert heard == []


def test_no_bad_token_is_refreshed(ana: User, listener: tuple[int, list[str]]) -> None:
    port, heard = listener
    claims = claims_of(sign_in(ana).json()["refresh_token"])
    for name, make in BAD.items():
        if not name.startswith(_OF_ACCESS_ONLY):
            bad = make(claims, port)
            # The body's own rules come first: text, and not too much of it.
            is_shapeless = not bad or len(bad) > 4096 or "\x00" in bad
            answer = call("/refresh", {"refresh_token": bad})
            expected = {400, 413} if is_shapeless else {401}
            assert answer.status_code in expected, name
            assert nothing_was_done(ana), name
    assert heard == []


def test_the_two_kinds_are_never_taken_for_each_other(ana: User) -> None:
    tokens = sign_in(ana).json()
    assert code(change(tokens["refresh_token"])) == (401, "INVALID_TOKEN")
    swapped = call("/refresh", {"refresh_token": tokens["access_token"]})
    assert code(swapped) == (401, "INVALID_TOKEN")
    swapped = call("/logout", {"refresh_token": tokens["access_token"]})
    assert code(swapped) == (401, "INVALID_TOKEN")


def test_a_token_of_another_sign_in_is_dead(ana: User, beto: User) -> None:
    hers, his = sign_in(ana).json(), sign_in(beto).json()
    claims = claims_of(hers["access_token"])
    stranger = claims_of(his["access_token"])
    nobody = "00000000-0000-4000-8000-00000000abcd"
    for changed in (
        {"fam": nobody},
        {"fam": stranger["fam"]},
        {"sub": stranger["sub"]},
        {"sub": nobody},
        {"ver": claims["ver"] - 1},
        {"ver": claims["ver"] + 1},
        {"ver": 2**70},
    ):
        answer = change(written({**claims, **changed}))
        assert code(answer) == (401, "TOKEN_REVOKED"), changed
    assert change(hers["access_token"]).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "bearer {token}",
        "BEARER {token}",
        "Bearer  ",
        "Bearer",
        "",
        " ",
        "{token}",
        "Bearer {token},Bearer {token}",
        "Bearer {token}, Bearer {token}",
        "Basic {token}",
        "Token {token}",
        "Bearer\u00a0{token}",
        "Bearer \u00e2\u0080\u008b{token}",
        'Bearer "{token}"',
    ],
)
def test_an_odd_header_is_no_sign_in(ana: User, header: str) -> None:
    token = sign_in(ana).json()["access_token"]
    answer = APIClient(raise_request_exception=False).put(
        "/api/v1/profile",
        {"full_name": "Otra"},
        format="json",
        headers={"Authorization": header.format(token=token)},
    )
    assert code(answer) == (401, "INVALID_TOKEN")
    ana.refresh_from_db()
    assert ana.full_name == "Ana"


def test_a_token_that_was_good_dies_at_its_hour(ana: User) -> None:
    now = int(time.time())
    claims = claims_of(sign_in(ana).json()["access_token"])
    short = written({**claims, "iat": now, "exp": now + 60})
    assert change(short).status_code == 200
    with time_machine.travel(now + 61):
        assert code(change(short)) == (401, "INVALID_TOKEN")


NEW = "a-new-key-of-the-clinic-" * 3


def test_a_new_key_lets_everybody_go_on(ana: User, settings: Any) -> None:
    before = sign_in(ana).json()
    settings.JWT_SECRET, settings.JWT_OLD_SECRETS = NEW, [SECRET]
    assert change(before["access_token"]).status_code == 200
    after = call("/refresh", {"refresh_token": before["refresh_token"]}).json()
    for name in ("access_token", "refresh_token"):
        assert jwt.get_unverified_header(after[name])["kid"] == key_id(NEW)
    settings.JWT_OLD_SECRETS = []
    assert change(after["access_token"]).status_code == 200
    assert code(change(before["access_token"])) == (401, "INVALID_TOKEN")


def test_a_second_tab_gets_a_working_pair_across_the_change(
    ana: User, settings: Any
) -> None:
    body = {"refresh_token": sign_in(ana).json()["refresh_token"]}
    one = call("/refresh", body).json()
    settings.JWT_SECRET, settings.JWT_OLD_SECRETS = NEW, [SECRET]
    two = call("/refresh", body).json()
    assert change(two["access_token"]).status_code == 200
    # The same row in two keys: whichever tab goes on, the other may follow it.
    for pair in (one, two):
        again = call("/refresh", {"refresh_token": pair["refresh_token"]})
        assert again.status_code == 200
    assert RefreshToken.objects.filter(used_at=None).count() == 1


def test_a_key_is_never_tried_on_a_token_that_names_another(
    ana: User, settings: Any
) -> None:
    claims = claims_of(sign_in(ana).json()["access_token"])
    settings.JWT_SECRET, settings.JWT_OLD_SECRETS = NEW, [SECRET]
    crossed = written(claims, SECRET, header={"kid": key_id(NEW)})
    assert code(change(crossed)) == (401, "INVALID_TOKEN")
    crossed = written(claims, NEW, header={"kid": key_id(SECRET)})
    assert code(change(crossed)) == (401, "INVALID_TOKEN")
    assert change(written(claims, SECRET)).status_code == 200


def test_what_the_battery_starts_from_is_taken(ana: User) -> None:
    tokens = sign_in(ana).json()
    for name in ("access_token", "refresh_token"):
        assert written(claims_of(tokens[name])) == tokens[name]
