"""The key that seals the journal and those that did: settings, never the database."""

from contextlib import suppress

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.notes import BadNote, Signer, Verifier, opened


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


def verifier_of(note: str) -> Verifier:
    """The key that signed a checkpoint of ours. :raises BadNote: none we know."""
    for verifier in verifiers():
        with suppress(BadNote):
            opened(note, [verifier])
            return verifier
    raise BadNote("not signed by a key we know")
