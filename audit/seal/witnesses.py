"""Who outside remembers our checkpoints, and how to ask (c2sp.org/tlog-witness)."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import requests
from django.conf import settings

from areamedica.database import outside_transaction
from audit.seal.notes import BadNote, Cosigner

_TIMEOUT_SECONDS = (3.0, 5.0)
_LONGEST = 65_536


class WitnessAway(Exception):
    """A witness does not answer, or not as the protocol says; the text says how."""


class Elsewhere(Exception):
    """The witness saw the journal at another size than we thought."""

    def __init__(self, size: int) -> None:
        super().__init__(f"at {size} records")
        self.size = size


class Contradicted(Exception):
    """The witness saw another journal than ours; what it shows of it decides."""


@dataclass(frozen=True)
class Witness:
    """Somebody else's key and the address of his program."""

    key: Cosigner
    url: str

    @property
    def name(self) -> str:
        return self.key.name

    def cosign(self, *, old: int, proof: Sequence[bytes], note: str) -> str:
        """The signature lines below a checkpoint that grew out of `old` records.

        :raises Elsewhere: he saw another size. :raises Contradicted: another journal.
        :raises WitnessAway: no answer that the protocol knows.
        """
        lines = "".join(f"{base64.b64encode(each).decode()}\n" for each in proof)
        body = f"old {old}\n{lines}\n{note}".encode()
        status, text = _sent("POST", f"{self.url}/add-checkpoint", body)
        if status == requests.codes.conflict:
            raise Elsewhere(_size(text))
        if status == requests.codes.unprocessable_entity:
            raise Contradicted
        if status != requests.codes.ok:
            raise WitnessAway(f"answered {status}")
        return text

    def remembers(self, origin: str) -> str:
        """The checkpoint of ours he cosigned last.

        :raises WitnessAway: no answer, or he remembers none.
        """
        status, text = _sent("GET", f"{self.url}/checkpoint", origin=origin)
        if status != requests.codes.ok:
            raise WitnessAway(f"answered {status}")
        return text


def named() -> list[Witness]:
    """The witnesses of the settings. :raises BadNote: a key is none."""
    return [_parsed(words) for words in settings.AUDIT_WITNESSES]


def _parsed(words: str) -> Witness:
    vkey, _, url = words.partition(" ")
    if not url.startswith(("http://", "https://")):
        raise BadNote("a witness without an address")
    return Witness(Cosigner.parse(vkey), url.rstrip("/"))


def _size(text: str) -> int:
    digits = text.removesuffix("\n")
    if not digits.isascii() or not digits.isdigit() or len(digits) > len(str(2**63)):
        raise WitnessAway("said no size")
    return int(digits)


def _sent(
    method: str, url: str, body: bytes | None = None, **query: str
) -> tuple[int, str]:
    """(status, text) of the answer, as far as one that is honest may be long."""
    outside_transaction()
    try:
        with requests.request(
            method,
            url,
            data=body,
            params=query,
            timeout=_TIMEOUT_SECONDS,
            allow_redirects=False,
            stream=True,
        ) as answer:
            raw = answer.raw.read(_LONGEST, decode_content=True)
            return answer.status_code, raw.decode()
    except (requests.RequestException, OSError, UnicodeDecodeError) as problem:
        raise WitnessAway(type(problem).__name__) from problem
