from celery import shared_task

from accounts.services import admission, sign_in
from areamedica.api import idempotency


@shared_task(name="accounts.forget_expired")
def forget_expired() -> None:
    """Delete what only its lifetime kept: dead sign-ins, nonces, stored answers."""
    sign_in.forget_expired()
    admission.forget_nonces()
    idempotency.forget_expired()
