"""HTTP to an address somebody else typed: public hosts only, bounded in every way.

A name is resolved once and the connection made to the very address that was looked at,
so that no second answer of a name server leads inside. Redirects are not followed, and
an answer's body is not read: its status says it all.
"""

import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from areamedica.database import outside_transaction
from notifications.errors import UnsafeAddress

CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 10.0
LONGEST_URL = 500

# One strict form, so that no two parsers read two different hosts out of it.
_URL = re.compile(
    r"(https?)://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?(/[!-~]*)?",
    re.ASCII | re.IGNORECASE,
)
_NEVER_IN_A_PATH = re.compile(r"[#\\]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Of IPv6 only what is given out to the public, and of that no tunnel into IPv4.
_PUBLIC_IPV6 = ip_network("2000::/3")
_TUNNELS = (ip_network("2002::/16"), ip_network("2001::/32"))
# Insides of clouds that lie among public addresses, or that Python takes for such.
_INSIDES = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"))


@dataclass(frozen=True)
class Address:
    """Where a URL leads, read by us and by nobody else."""

    scheme: str
    host: str
    port: int

    @property
    def is_ours(self) -> bool:
        """Whether the installation named this host as one of its own network."""
        return self.host in settings.WEBHOOK_PRIVATE_HOSTS


@dataclass(frozen=True)
class Answer:
    """What came back: a status, or why there is none, in one word."""

    status: int | None = None
    error: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def read_address(url: str) -> Address:
    """:raises UnsafeAddress: it is not one strict form of a public https address."""
    address = parse(url)
    if address.is_ours:
        return address
    if address.scheme != "https" or _is_private_literal(address.host):
        raise UnsafeAddress
    return address


def parse(url: str) -> Address:
    """Where it leads, whether we may go there or not.

    :raises UnsafeAddress: it is not of the one strict form.
    """
    found = _URL.fullmatch(url)
    if found is None or len(url) > LONGEST_URL:
        raise UnsafeAddress
    scheme, host, port, path = found.groups()
    number = int(port or _DEFAULT_PORTS[scheme.lower()])
    if _NEVER_IN_A_PATH.search(path or "") or not 0 < number < 65_536:
        raise UnsafeAddress
    return Address(scheme.lower(), host.lower(), number)


def _is_private_literal(host: str) -> bool:
    """Whether an address is written out, and is not public."""
    try:
        return not is_public(host.strip("[]"))
    except ValueError:
        return False


def is_public(ip: str) -> bool:
    """Whether anybody on the internet may have this address.

    :raises ValueError: it is no address.
    """
    address = ip_address(ip)
    if address.version == 6 and (
        address not in _PUBLIC_IPV6 or any(address in each for each in _TUNNELS)
    ):
        return False
    is_inside = any(address in each for each in _INSIDES)
    return address.is_global and not address.is_multicast and not is_inside


def resolve(address: Address) -> str:
    """The one address that will be connected to; one private among many is too many.

    :raises UnsafeAddress: it leads inside. :raises OSError: the name has no address.
    """
    host = address.host.strip("[]")
    found = socket.getaddrinfo(host, address.port, type=socket.SOCK_STREAM)
    numbers = [str(each[4][0]) for each in found]
    if not address.is_ours and not all(map(is_public, numbers)):
        raise UnsafeAddress
    return numbers[0]


def post(url: str, *, headers: Mapping[str, str], body: str) -> Answer:
    """Send once; never raises for what a network or a receiver may do."""
    outside_transaction()
    try:
        address = read_address(url)
        ip = resolve(address)
    except UnsafeAddress:
        return Answer(error="unsafe_address")
    except (OSError, UnicodeError):
        return Answer(error="unknown_host")
    with _Watch() as watch, _session(address, ip, watch.over) as session:
        try:
            return _posted(session, url, headers, body)
        except (requests.RequestException, HTTPError, ValueError, OSError) as error:
            return Answer(error=watch.says or _in_a_word(error))


def _posted(
    session: requests.Session, url: str, headers: Mapping[str, str], body: str
) -> Answer:
    timeout: Any = Timeout(
        total=TOTAL_SECONDS, connect=CONNECT_SECONDS, read=TOTAL_SECONDS
    )
    told = {**headers, "Content-Type": "application/json"}
    with session.post(
        url,
        data=body.encode(),
        headers=told,
        timeout=timeout,
        allow_redirects=False,
        stream=True,
    ) as response:
        return Answer(status=response.status_code)


def _in_a_word(error: Exception) -> str:
    match error:
        case requests.Timeout():
            return "timeout"
        case requests.exceptions.SSLError():
            return "tls"
        case requests.ConnectionError() | OSError():
            return "unreachable"
    return "unreadable"


class _Watch:
    """Shuts a connection down when its time is over, however slowly it drips.

    A timeout of a socket begins anew with every byte.
    """

    def __init__(self) -> None:
        self.says = ""
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(TOTAL_SECONDS, self._end)
        self._timer.daemon = True

    def over(self, line: socket.socket) -> None:
        # A second handle of the same connection: TLS takes the first one over.
        self._sockets.append(line.dup())

    def _end(self) -> None:
        self.says = "timeout"
        for line in self._sockets:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def __enter__(self) -> "_Watch":
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        for line in self._sockets:
            line.close()


class _Pinned(HTTPConnection):
    """Connects to the address that was looked at; Host stays the name."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 (urllib3's own)
        ip: str,
        watch: Callable[[socket.socket], None],
        **kwargs: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(*args, **kwargs)
        self._ip, self._watch_over = ip, watch

    def _new_conn(self) -> socket.socket:
        line = socket.create_connection((self._ip, self.port), CONNECT_SECONDS)
        self._watch_over(line)
        return line


class _PinnedByTls(_Pinned, HTTPSConnection):
    """As above; the name is what the certificate must be for, and what SNI says."""


class _OneLine(HTTPAdapter):
    """Every request of its session goes to one address; no proxy, no pool, no retry."""

    def __init__(
        self, address: Address, ip: str, watch: Callable[[socket.socket], None]
    ) -> None:
        super().__init__(max_retries=0)
        is_tls = address.scheme == "https"
        kind = HTTPSConnectionPool if is_tls else HTTPConnectionPool
        line = _PinnedByTls if is_tls else _Pinned
        self._pool = kind(address.host, address.port)
        self._pool.ConnectionCls = partial(line, ip=ip, watch=watch)  # type: ignore[assignment]

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:  # noqa: ANN401 (the library's)
        return self._pool


def _session(
    address: Address, ip: str, watch: Callable[[socket.socket], None]
) -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxy and no .netrc of the machine
    session.headers = requests.structures.CaseInsensitiveDict(
        {"User-Agent": "areamedica-webhooks/1.0", "Accept-Encoding": "identity"}
    )
    session.mount(f"{address.scheme}://", _OneLine(address, ip, watch))
    return session
