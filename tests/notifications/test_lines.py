"""Whatever somebody types as an address: nothing inside is ever connected to."""

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notifications import lines
from notifications.errors import UnsafeAddress
from notifications.lines import Answer, is_public, post, read_address
from tests.notifications.receiver import Receiver, started

pytestmark = [pytest.mark.unit]

FORMS = """
https://127.0.0.1:{port}/
http://127.0.0.1:{port}/
https://localhost:{port}/
https://LOCALHOST:{port}/
https://localhost.:{port}/
https://ip6-localhost:{port}/
https://0.0.0.0:{port}/
https://0:{port}/
https://127.1:{port}/
https://127.0.1:{port}/
https://127.255.255.254:{port}/
https://2130706433:{port}/
https://0x7f000001:{port}/
https://0x7f.0.0.1:{port}/
https://0177.0.0.1:{port}/
https://017700000001:{port}/
https://[::1]:{port}/
https://[::]:{port}/
https://[::ffff:127.0.0.1]:{port}/
https://[::ffff:7f00:1]:{port}/
https://[::127.0.0.1]:{port}/
https://[64:ff9b::7f00:1]:{port}/
https://[2002:7f00:1::]:{port}/
https://[::1%25lo]:{port}/
https://user@127.0.0.1:{port}/
https://example.com@127.0.0.1:{port}/
https://example.com:443@127.0.0.1:{port}/
https://127.0.0.1:{port}#@example.com/
https://127.0.0.1:{port}\\@example.com/
https://example.com\\@127.0.0.1:{port}/
https://①②⑦.⓪.⓪.①:{port}/
https://１２７.0.0.1:{port}/
https://127。0。0。1:{port}/
https://%31%32%37.0.0.1:{port}/
https://127.0.0.1%00.example.com:{port}/
https:127.0.0.1:{port}/
https:/127.0.0.1:{port}/
https:///127.0.0.1:{port}/
//127.0.0.1:{port}/
ftp://127.0.0.1:{port}/
gopher://127.0.0.1:{port}/_x
file:///etc/passwd
 https://127.0.0.1:{port}/
https://127.0.0.1\t:{port}/
https://127.0.0.1:{port}/\r\nHost: x
""".strip("\n").split("\n")

INSIDE = """
10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.1.1 127.0.0.1 0.0.0.0
169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200 100.127.255.255 168.63.129.16
192.0.0.192 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.250
240.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 ::ffff:10.0.0.1 fe80::1 fc00::1
fd00:ec2::254 ff02::1 64:ff9b::808:808 64:ff9b:1::1 2001:db8::1 2002:808:808::1
2001:0:4136:e378:8000:63bf:3fff:fdd2 100::1 5f00::1
""".split()  # noqa: SIM905 (a list of so many quotes is hard to read)


@pytest.fixture
def listener(settings: Any) -> Iterator[list[Any]]:
    """A port on every loopback address; what connects is kept."""
    settings.WEBHOOK_PRIVATE_HOSTS = []
    family = socket.AF_INET6 if socket.has_dualstack_ipv6() else socket.AF_INET
    server = socket.create_server(
        ("", 0), family=family, dualstack_ipv6=family == socket.AF_INET6
    )
    met: list[Any] = [server.getsockname()[1]]

    def listen() -> None:
        while True:
            try:
                line, who = server.accept()
            except OSError:
                return
            met.append(who)
            line.close()

    threading.Thread(target=listen, daemon=True).start()
    yield met
    server.close()


@pytest.mark.parametrize("form", FORMS)
def test_no_form_leads_inside(listener: list[Any], form: str) -> None:
    url = form.format(port=listener[0])
    answer = post(url, headers={}, body="{}")
    assert answer.status is None
    assert answer.error in {"unsafe_address", "unknown_host"}
    assert listener[1:] == []


def test_the_listener_would_have_heard(listener: list[Any], settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = ["127.0.0.1", "[::1]"]
    for host in settings.WEBHOOK_PRIVATE_HOSTS:
        post(f"http://{host}:{listener[0]}/", headers={}, body="{}")
    assert len(listener) == 3


@pytest.mark.parametrize("inside", INSIDE)
def test_addresses_of_nobody_in_public(inside: str) -> None:
    assert not is_public(inside)


def test_addresses_of_everybody() -> None:
    for outside in ("8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111"):
        assert is_public(outside)


class Names:
    """A name server that answers anew each time; numbers need none."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.numbers = socket.getaddrinfo

    def __call__(self, host: str, port: int, *given: Any, **named: Any) -> list[Any]:
        if not host.endswith(".example") and not host.endswith(".example.com"):
            return self.numbers(host, port, *given, **named)
        return [
            (
                socket.AF_INET6 if ip_address(ip).version == 6 else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (ip, port),
            )
            for ip in self.answers.pop(0)
        ]


def test_a_name_is_resolved_once_and_that_address_is_used(
    monkeypatch: pytest.MonkeyPatch, listener: list[Any]
) -> None:
    """Rebinding: public for whoever looks first, inside for whoever connects."""
    names = Names(["203.0.114.1"], ["127.0.0.1"])
    met: list[Any] = []

    def connect(address: Any, *_: Any) -> socket.socket:
        met.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(lines.socket, "getaddrinfo", names)
    monkeypatch.setattr(lines.socket, "create_connection", connect)
    answer = post(f"https://rebind.example:{listener[0]}/", headers={}, body="{}")
    assert answer == Answer(error="unreachable")
    assert met == [("203.0.114.1", listener[0])]
    assert len(names.answers) == 1


def test_one_private_address_among_public_ones_is_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = Names(["8.8.8.8", "10.0.0.1"])
    monkeypatch.setattr(lines.socket, "getaddrinfo", names)
    answer = post("https://mixed.example/", headers={}, body="{}")
    assert answer == Answer(error="unsafe_address")


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com/in?x=1&y=%20",
        "https://hooks.example.com",
        "https://HOOKS.example.com:8443/a@b:c/",
        "https://[2606:4700:4700::1111]/",
        "https://8.8.8.8/",
    ],
)
def test_ordinary_addresses_are_taken(url: str) -> None:
    assert read_address(url).scheme == "https"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://hooks.example.com/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:65536/",
        "https://hooks.example.com/#x",
        "https://hooks.example.com/ x",
        "https://hooks.example.com/é",
        "https://10.0.0.1/",
        "https://hooks.example.com/" + "x" * 500,
    ],
)
def test_others_are_refused_when_they_are_typed(url: str, settings: Any) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = []
    with pytest.raises(UnsafeAddress):
        read_address(url)


def a_certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = folder / "certificate.pem"
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    secret = key.private_bytes(pem, kind, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(pem) + secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return file, context


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """hooks.example.com on loopback, with a certificate of its own that we trust."""
    file, context = a_certificate(tmp_path, "hooks.example.com")
    asked: list[str | None] = []
    context.sni_callback = lambda _line, name, _context: asked.append(name)
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(file))
    monkeypatch.setattr(lines, "is_public", lambda _ip: True)
    with started(context=context) as receiver:
        receiver.asked = asked  # type: ignore[attr-defined]
        yield receiver


def test_the_name_is_kept_for_tls_and_host(
    tls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines.socket, "getaddrinfo", Names(["127.0.0.1"]))
    url = f"https://hooks.example.com:{tls.port}/in"
    assert post(url, headers={"webhook-id": "x"}, body="{}") == Answer(status=200)
    (message,) = tls.got
    assert message.headers["Host"] == f"hooks.example.com:{tls.port}"
    assert tls.asked == ["hooks.example.com"]


def test_a_certificate_of_another_name_is_refused(
    tls: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines.socket, "getaddrinfo", Names(["127.0.0.1"]))
    answer = post(f"https://other.example.com:{tls.port}/", headers={}, body="{}")
    assert answer == Answer(error="tls")
    assert tls.got == []
