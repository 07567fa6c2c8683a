from celery import shared_task

from accounts.services import admission, second_step, sign_in
from areamedica.api import idempotency


@shared_task(name="accounts.forget_expired")
def forget_expired() -> None:
    """Delete what only its lifetime kept: dead sign-ins, nonces, steps, answers."""
    sign_in.forget_expired()
    admission.forget_nonces()
    second_step.forget_old()
    idempotency.forget_expired()
