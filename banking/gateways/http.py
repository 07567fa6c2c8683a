"""HTTP as every bank is spoken to: pooled, verified, bounded in time and size."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from http.client import IncompleteRead
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Timeout
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError, ReadTimeoutError

from banking import configuration
from banking.reading import Outcome, Reading, Unanswered
from banking.resilience.deadline import Deadline

CONNECT_SECONDS = 5.0
BODY_BYTES = 1_048_576
CHUNK_BYTES = 65_536
FAIR_WAIT_SECONDS = 4.0
"""A bank that got less time than this, and than TIMEOUT_SECONDS, is not to blame."""
LONGEST_RETRY_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A complete answer: `text` holds no NUL, `retry_after` is bounded."""

    status: int
    text: str
    retry_after: timedelta | None = None


def fetch(
    method: str,
    url: str,
    *,
    deadline: Deadline,
    headers: Mapping[str, str],
    body: bytes = b"",
) -> Reply:
    """Make one call: 5 s to connect, TIMEOUT_SECONDS to read, never past `deadline`.

    Redirects are not followed: a bank has none, and a token must not travel.

    :raises Unanswered: no complete answer came; the reading says how it went wrong.
    """
    read_seconds = float(configuration.bank().timeout_seconds)
    mine = Deadline(deadline.at_most(CONNECT_SECONDS + read_seconds))
    is_fair = mine.remaining() >= min(FAIR_WAIT_SECONDS, read_seconds)
    try:
        with _session().request(
            method,
            url,
            headers=dict(headers),
            data=body,
            timeout=_timeout(mine, read_seconds),  # type: ignore[arg-type]
            allow_redirects=False,
            stream=True,
        ) as response:
            return Reply(
                status=response.status_code,
                text=_read_text(response, mine),
                retry_after=_retry_after(response.headers.get("Retry-After", "")),
            )
    except (requests.RequestException, HTTPError, ValueError) as error:
        raise Unanswered(_what_happened(error, is_fair=is_fair)) from error


def _timeout(deadline: Deadline, read_seconds: float) -> Timeout:
    """Bound connecting and reading together; `requests` hands it on as it is.

    :raises ReadTimeout: no time is left.
    """
    total = deadline.remaining()
    if not total:
        raise requests.ReadTimeout
    return Timeout(total=total, connect=CONNECT_SECONDS, read=read_seconds)


def _session() -> requests.Session:
    bank = configuration.bank()
    return _open_session(os.getpid(), bank.max_simultaneous, bank.ca_bundle)


@cache
def _open_session(pid: int, pool_size: int, ca_bundle: str) -> requests.Session:
    """One pool per process: its connections must not be shared across a fork."""
    session = requests.Session()
    session.trust_env = False  # no proxy and no .netrc of the machine
    session.verify = ca_bundle or True
    session.headers = requests.structures.CaseInsensitiveDict(
        {"User-Agent": "areamedica/1.0", "Accept-Encoding": "identity"}
    )
    # Threads share the session, and a cookie would tie them to one another.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = HTTPAdapter(pool_maxsize=pool_size, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _read_text(response: requests.Response, deadline: Deadline) -> str:
    body = bytearray()
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
        body += chunk
        if len(body) > BODY_BYTES:
            raise DecodeError("the answer is larger than 1 MB")
        if not deadline.remaining():
            raise requests.ReadTimeout
    try:
        text = body.decode(response.encoding or "utf-8", "replace")
    except LookupError:
        text = body.decode("utf-8", "replace")
    # PostgreSQL stores no NUL.
    return text.replace("\x00", "\ufffd")


def _retry_after(header: str) -> timedelta | None:
    """Read seconds or an HTTP date; nonsense is as good as none."""
    if re.fullmatch("[0-9]{1,9}", header):
        wait = timedelta(seconds=int(header))
    else:
        try:
            wait = parsedate_to_datetime(header) - datetime.now(UTC)
        except (ValueError, TypeError):
            return None
    return min(max(wait, timedelta(seconds=1)), LONGEST_RETRY_AFTER)


def _what_happened(error: Exception, *, is_fair: bool) -> Reading:
    """Name what went wrong; the message of the error may hold an address of ours."""
    code = type(error).__name__
    match error:
        case requests.Timeout() | ReadTimeoutError():
            return Reading(outcome=Outcome.TIMEOUT, code=code, fair=is_fair)
        case requests.exceptions.SSLError() if "VERIFY_FAILED" in str(error):
            return Reading(outcome=Outcome.MISCONFIGURED, code=code)
        case ProtocolError() if isinstance(error.args[-1], IncompleteRead):
            return Reading(outcome=Outcome.UNREADABLE, code=code)
        case DecodeError():
            return Reading(outcome=Outcome.UNREADABLE, code=code)
        case ValueError():
            # The address itself: no scheme, no host, an odd port.
            return Reading(outcome=Outcome.MISCONFIGURED, code=code)
        case _:
            return Reading(outcome=Outcome.DOWN, code=code)
