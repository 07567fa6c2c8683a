"""The key that seals the journal and those that did: settings, never the database."""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from audit.notes import Signer, Verifier


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
