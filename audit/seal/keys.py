"""The key that seals the journal and those that did: settings, never the database."""

from contextlib import suppress

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.seal.lasting import LastingSigner, LastingVerifier
from audit.seal.notes import BadNote, Head, Signer, Verifier, is_below, opened


def signer() -> Signer:
    """Whoever seals now.

    :raises ImproperlyConfigured: no key is set. :raises BadNote: it is no key.
    """
    if not settings.AUDIT_SIGNING_KEY:
        raise ImproperlyConfigured("AUDIT_SIGNING_KEY is not set.")
    return Signer.of_seed(settings.AUDIT_ORIGIN, settings.AUDIT_SIGNING_KEY)


def verifiers() -> list[Verifier]:
    """Every public key whose signature counts, today's first.

    :raises ImproperlyConfigured: no key is set. :raises BadNote: one is no key.
    """
    old = [Verifier.parse(vkey) for vkey in settings.AUDIT_OLD_KEYS]
    return [signer().verifier, *old]


def anchor_signer() -> LastingSigner | None:
    """Whoever signs the day's anchor a second time, if anybody does.

    :raises BadNote: its key is none.
    """
    if not settings.AUDIT_ANCHOR_KEY:
        return None
    name = f"{settings.AUDIT_ORIGIN}/anchor"
    return LastingSigner.of_seed(name, settings.AUDIT_ANCHOR_KEY)


def second_below(note: str) -> LastingVerifier | None:
    """The anchor's key, if a line of it stands below a checkpoint.

    :raises BadNote: that is no checkpoint.
    """
    signer = anchor_signer()
    is_there = signer is not None and is_below(note, signer.verifier)
    return signer.verifier if signer and is_there else None


def opened_by_all(note: str) -> tuple[Head, bool]:
    """What a checkpoint of ours states, and whether the anchor's key says so too.

    :raises BadNote: our key does not say so, or the anchor's says something else.
    """
    head = opened(note, verifiers())
    second = second_below(note)
    if second:
        opened(note, [second])
    return head, second is not None


def verifier_of(note: str) -> Verifier:
    """The key that signed a checkpoint of ours. :raises BadNote: none we know."""
    for verifier in verifiers():
        with suppress(BadNote):
            opened(note, [verifier])
            return verifier
    raise BadNote("not signed by a key we know")
