from celery import shared_task

from accounts.services import access, admission, letters, second_step, sign_in
from areamedica.api import idempotency


@shared_task(name="accounts.forget_expired")
def forget_expired() -> None:
    """Delete what only its lifetime kept: sign-ins, nonces, steps, letters, answers."""
    sign_in.forget_expired()
    admission.forget_nonces()
    second_step.forget_old()
    letters.forget_old()
    access.forget_attempts()
    idempotency.forget_expired()


@shared_task(name="accounts.send_letters")
def send_letters() -> None:
    """Send whatever letter is due; rung after a commit, and by beat."""
    letters.send_due()
