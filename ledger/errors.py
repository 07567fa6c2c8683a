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


class InsufficientFunds(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "INSUFFICIENT_FUNDS"
    sentence = _("The transfer would take an account below its floor.")
