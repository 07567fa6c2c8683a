"""Everything that can be journaled, each named once."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Action(models.TextChoices):
    """`room.what_happened`; once used in a journal a name is never changed."""

    SIGNED_IN = "accounts.signed_in", _("Signed in")
    SIGN_IN_FAILED = "accounts.sign_in_failed", _("Sign-in failed")
    SIGNED_OUT = "accounts.signed_out", _("Signed out")
    TOKEN_REUSED = "accounts.token_reused", _("A used refresh token came back")
    ACCESS_REFUSED = "accounts.access_refused", _("Access refused")
    PERMISSION_GRANTED = "accounts.permission_granted", _("Permission granted")
    PERMISSION_REVOKED = "accounts.permission_revoked", _("Permission revoked")
    ROLE_CHANGED = "accounts.role_changed", _("Role of a user changed")
    ROLE_EDITED = "accounts.role_edited", _("Permissions of a role changed")
    USER_CREATED = "accounts.user_created", _("User created")
    USER_CHANGED = "accounts.user_changed", _("User changed")
    USER_DEACTIVATED = "accounts.user_deactivated", _("User deactivated")
    PASSWORD_CHANGED = "accounts.password_changed", _("Password changed")
    ACCESS_GRANTED = "accounts.access_granted", _("Access granted to a machine")
    CLIENT_REGISTERED = "accounts.client_registered", _("Service client registered")
    CLIENT_CHANGED = "accounts.client_changed", _("Service client changed")
    CLIENT_CLOSED = "accounts.client_closed", _("Service client closed")
    KEY_ISSUED = "accounts.key_issued", _("API key issued")
    KEY_ROTATED = "accounts.key_rotated", _("API key rotated")
    KEY_REVOKED = "accounts.key_revoked", _("API key revoked")
    SECOND_FACTOR_ADDED = "accounts.second_factor_added", _("Second factor added")
    SECOND_FACTOR_REMOVED = (
        "accounts.second_factor_removed",
        _("Second factor removed"),
    )
    RECOVERY_CODES_MADE = "accounts.recovery_codes_made", _("Recovery codes made")
    RECOVERY_CODE_USED = "accounts.recovery_code_used", _("Recovery code used")
    SECOND_STEP_FAILED = "accounts.second_step_failed", _("Second step failed")
    PASSWORD_RESET_ASKED = (
        "accounts.password_reset_asked",
        _("A link for a new password was asked for"),
    )
    PASSWORD_RESET = "accounts.password_reset", _("Password set by a link")
    EMAIL_VERIFIED = "accounts.email_verified", _("E-mail confirmed")
    TRANSACTION_RECORDED = "transactions.recorded", _("Transaction recorded")
    TRANSACTION_CHANGED = "transactions.changed", _("Transaction changed")
    TRANSACTION_MOVED = "transactions.moved", _("State of a transaction changed")
    TRANSACTION_DELETED = "transactions.deleted", _("Transaction deleted")
    FIRST_APPROVAL = "transactions.first_approval", _("First of two approvals")
    LATE_ANSWER = "transactions.late_answer", _("The bank answered too late")
    INQUIRY_REPLAYED = "transactions.inquiry_replayed", _("Dead letter asked again")
    EXPORTED = "transactions.exported", _("Transactions exported")
    EVIDENCE_EXPORTED = "banking.evidence_exported", _("Bank evidence exported")
    SEALED_EVIDENCE_EXPORTED = (
        "audit.evidence_exported",
        _("Sealed evidence exported"),
    )
    CIRCUIT_CLOSED = "banking.circuit_closed", _("Bank circuit closed by hand")
    ACCOUNT_OPENED = "ledger.account_opened", _("Account opened in the books")
    ACCOUNT_FROZEN = "ledger.account_frozen", _("Account frozen")
    ACCOUNT_RELEASED = "ledger.account_released", _("Account released")
    REPLAY_SWAPPED = "audit.replay_swapped", _("Rows set to what the journal tells")
    EVENT_REPLAYED = "audit.event_replayed", _("A held event is tried again")
    PERSONAL_DATA_SEEN = "accounts.personal_data_seen", _("Personal data looked at")
    ENDPOINT_CREATED = "notifications.endpoint_created", _("Webhook created")
    ENDPOINT_CHANGED = "notifications.endpoint_changed", _("Webhook changed")
    ENDPOINT_ROTATED = "notifications.endpoint_rotated", _("Webhook secret rotated")
    ENDPOINT_DISABLED = "notifications.endpoint_disabled", _("Webhook disabled")
    ENDPOINT_DELETED = "notifications.endpoint_deleted", _("Webhook deleted")
    DELIVERY_REPLAYED = "notifications.delivery_replayed", _("Delivery sent again")
    BATCH_POSTED = "ledger.batch_posted", _("Transfers posted to the books")
    TRANSFER_REVERSED = "ledger.transfer_reversed", _("Transfer reversed")
    MONEY_HELD = "ledger.money_held", _("Money held")
    HOLD_POSTED = "ledger.hold_posted", _("Hold posted")
    HOLD_VOIDED = "ledger.hold_voided", _("Hold released")
    HOLD_EXPIRED = "ledger.hold_expired", _("Hold expired")
    MONTH_CLOSED = "ledger.month_closed", _("Month closed")
    REOPENING_ASKED = "ledger.reopening_asked", _("Reopening of a month asked for")
    MONTH_REOPENED = "ledger.month_reopened", _("Month reopened")
    ERASURE_ASKED = "privacy.erasure_asked", _("Erasure of a person asked for")
    ERASURE_WITHDRAWN = "privacy.erasure_withdrawn", _("Erasure request withdrawn")
    SUBJECT_ERASED = "privacy.subject_erased", _("Personal data erased")
    SUBJECT_EXPORTED = "privacy.subject_exported", _("Personal data handed out")
    PRUNING_ASKED = "audit.pruning_asked", _("Pruning of old records asked for")
    PRUNING_DECLINED = "audit.pruning_declined", _("Pruning of old records declined")
    LOOK_ASKED = "audit.look_asked", _("Verification of the journal asked for")
    RETENTION_PRUNED = (
        "audit.retention_pruned",
        _("Pruning of old records approved"),
    )
    IMPORT_UPLOADED = "ledger.import_uploaded", _("File for the books uploaded")
    IMPORT_CONFIRMED = "ledger.import_confirmed", _("Import into the books confirmed")
    IMPORT_DISCARDED = "ledger.import_discarded", _("Import into the books discarded")
    IMPORT_BOOKED = "ledger.import_booked", _("File booked")
    IMPORT_FAILED = "ledger.import_failed", _("File not booked")
    BOOKS_EXPORTED = "ledger.books_exported", _("Books exported")
    EPOCH_RAISED = "audit.epoch_raised", _("Next epoch of the journal begun")
    ACCOUNT_CLOSED = "ledger.account_closed", _("Account closed for good")
    CIRCUIT_OPENED = "banking.circuit_opened", _("Bank circuit opened by itself")
    BANK_BACK = "banking.bank_back", _("The bank answered again")
    KEYS_WRAPPED = "privacy.keys_wrapped", _("Keys of personal words wrapped anew")
    SECOND_STEP_PASSED = "accounts.second_step_passed", _("Second step passed")
    BOOKED_AFTERWARDS = (
        "transactions.booked_afterwards",
        _("Completed transactions booked afterwards"),
    )


def every_action() -> list[tuple[str, str | Promise]]:
    """For the field of the journal: by name, so that a new one needs no migration."""
    return [*Action.choices]
