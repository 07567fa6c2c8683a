"""What the owner of a mailbox may do: set a new password, prove the address."""

from axes.utils import reset as forget_failures
from django.db.transaction import atomic

from accounts import links
from accounts.links import Purpose
from accounts.models import SYSTEM_ID, Letter, User, same_mailbox
from accounts.services.letters import post
from accounts.services.people import set_password
from audit.actions import Action
from audit.canonical import pseudonym
from audit.services import record


@atomic
def ask_for_new_password(*, email: str) -> None:
    """Have a link sent to the mailbox, if it is somebody's.

    Whether it is must not show, so the same rows are written either way: a letter to
    nobody is dropped by the worker, as is one too many.
    """
    mailbox = same_mailbox(email)
    living = User.objects.filter(email=mailbox, is_active=True).exclude(pk=SYSTEM_ID)
    post(Letter.Kind.RESET, living.first())
    record(
        Action.PASSWORD_RESET_ASKED,
        actor_id=None,
        facts={"email_pseudonym": pseudonym(mailbox)},
    )


@atomic
def reset_password(*, token: str, password: str) -> User:
    """Set a new password by the link of a letter and end every sign-in.

    :raises InvalidLink: unknown, too old or used.
    :raises django.core.exceptions.ValidationError: the password breaks a rule; the link
        still works.
    """
    user = links.read(token, Purpose.RESET)
    set_password(user, password)
    # Who forgot it has tried a few, and proved by now who he is.
    forget_failures(username=user.email)
    record(Action.PASSWORD_RESET, actor_id=user.pk, subject=("user", user.pk))
    return user


@atomic
def verify_email(*, token: str) -> User:
    """Note that the user reads the mailbox he signs in with.

    :raises InvalidLink: unknown, too old or used.
    """
    user = links.read(token, Purpose.VERIFY)
    user.is_verified = True
    user.save(update_fields=["is_verified", "updated_at"])
    record(Action.EMAIL_VERIFIED, actor_id=user.pk, subject=("user", user.pk))
    return user


@atomic
def ask_for_verification(*, user: User) -> None:
    """Send the link that proves the address once more; nothing when it is proved."""
    if not user.is_verified:
        post(Letter.Kind.VERIFY, user)
