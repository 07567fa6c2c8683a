"""Refusals about the books; in the order in which a posting is judged."""

from django.utils.translation import gettext_lazy as _

from areamedica.errors import Kind, Refusal


class AccountNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "ACCOUNT_NOT_FOUND"
    sentence = _("There is no such account in the books.")


class EntryNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "ENTRY_NOT_FOUND"
    sentence = _("There is no such transfer in the books.")


class UnpostableAmount(Refusal):
    kind = Kind.VALIDATION
    code = "UNPOSTABLE_AMOUNT"
    sentence = _("The books take amounts above zero, in whole cents of the currency.")


class MalformedPosting(Refusal):
    """`place` counts those that were sent together, from 0; or it is the id of what a
    single one was to be booked for."""

    kind = Kind.VALIDATION
    code = "MALFORMED_POSTING"
    sentence = _("A transfer at place {place} cannot be posted: {why}")


class BatchTooLarge(Refusal):
    kind = Kind.VALIDATION
    code = "BATCH_TOO_LARGE"
    sentence = _("At most {limit} transfers are posted at once.")


class PostingKeyReused(Refusal):
    kind = Kind.CONFLICT
    code = "POSTING_KEY_REUSED"
    sentence = _("This key was posted with other content.")


class UnknownAccount(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "UNKNOWN_ACCOUNT"
    sentence = _("An account of the transfer does not exist or takes no postings.")


class OtherCurrency(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "CURRENCY_MISMATCH"
    sentence = _("Both accounts must hold the currency of the transfer.")


class AccountFrozen(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "ACCOUNT_FROZEN"
    sentence = _("An account of the transfer is frozen.")


class AccountClosed(AccountFrozen):
    """Judged before the other: who waits for the release would wait for ever. Whoever
    has another way for what is frozen has it for this."""

    code = "ACCOUNT_CLOSED"
    sentence = _("The account is closed for good.")


class PeriodClosed(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "PERIOD_CLOSED"
    sentence = _("The transfer takes effect in a month that is closed.")


class NotReversible(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "NOT_REVERSIBLE"
    sentence = _(
        "There is no such transfer between these accounts, or it is itself a reversal."
    )


class ExceedsOriginal(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "EXCEEDS_ORIGINAL"
    sentence = _("The amount is more than what is left of the original.")


class InsufficientFunds(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "INSUFFICIENT_FUNDS"
    sentence = _("The transfer would take an account below its floor.")


class AboveCeiling(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "ABOVE_CEILING"
    sentence = _("The transfer would take an account above its ceiling.")


class OpenedOtherwise(Refusal):
    kind = Kind.CONFLICT
    code = "ACCOUNT_OPENED_OTHERWISE"
    sentence = _("The account was opened with other limits, which stay.")


class BalanceTooLarge(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "BALANCE_TOO_LARGE"
    sentence = _("An account would have more on it than the books can count.")


class HoldNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "HOLD_NOT_FOUND"
    sentence = _("There is no such hold.")


class HoldEnded(Refusal):
    kind = Kind.CONFLICT
    code = "HOLD_ENDED"
    sentence = _("The hold has already ended, by posting, release or expiry.")


class HoldExpired(Refusal):
    kind = Kind.CONFLICT
    code = "HOLD_EXPIRED"
    sentence = _("The hold has expired.")


class MonthNotOver(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "MONTH_NOT_OVER"
    sentence = _("A month is closed when it is over in Caracas.")


class MonthOutOfOrder(Refusal):
    kind = Kind.CONFLICT
    code = "MONTH_OUT_OF_ORDER"
    sentence = _("Months are closed in their order; the next one is {due}.")


class MonthNotClosed(Refusal):
    kind = Kind.CONFLICT
    code = "MONTH_NOT_CLOSED"
    sentence = _("Only the last closed month can be reopened.")


class ReopeningNotAsked(Refusal):
    kind = Kind.CONFLICT
    code = "REOPENING_NOT_ASKED"
    sentence = _("Nobody has asked to reopen this month.")


class ReopeningNeedsAnother(Refusal):
    kind = Kind.AUTHORIZATION
    code = "REOPENING_NEEDS_ANOTHER"
    sentence = _("Another person than the one who asked reopens the month.")


class NoSuchHeading(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "NO_SUCH_HEADING"
    sentence = _("Accounts are opened below these headings: {headings}.")


class ImportNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "IMPORT_NOT_FOUND"
    sentence = _("There is no such import.")


class UnreadableFile(Refusal):
    kind = Kind.VALIDATION
    code = "UNREADABLE_FILE"
    sentence = _("The file cannot be read: {why}.")


class ImportNotReady(Refusal):
    kind = Kind.CONFLICT
    code = "IMPORT_NOT_READY"
    sentence = _("This import is not waiting to be confirmed.")


class PeriodTurnedRound(Refusal):
    kind = Kind.VALIDATION
    code = "PERIOD_TURNED_ROUND"
    sentence = _("The period ends before it begins.")


class ProofUnderWay(Refusal):
    kind = Kind.CONFLICT
    code = "PROOF_UNDER_WAY"
    sentence = _("The books are being proved just now.")


class NotClosable(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "ACCOUNT_NOT_CLOSABLE"
    sentence = _("Only an owner's account with nothing on it or held is closed.")
