"""Refusals about transactions; in order of precedence: who, then what."""

from django.utils.translation import gettext_lazy as _

from areamedica.errors import Kind, Refusal


class SelfDecision(Refusal):
    kind = Kind.AUTHORIZATION
    code = "SELF_DECISION"
    sentence = _("Nobody decides a transaction that he recorded or corrected himself.")


class NotYours(Refusal):
    kind = Kind.AUTHORIZATION
    code = "NOT_YOURS"
    sentence = _("Only its author or a reviewer may do this.")


class TransactionNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "TRANSACTION_NOT_FOUND"
    sentence = _("There is no such transaction.")


class TransactionIdReused(Refusal):
    kind = Kind.CONFLICT
    code = "TRANSACTION_ID_REUSED"
    sentence = _("This transaction_id was recorded with other data.")


class InvalidTransition(Refusal):
    kind = Kind.CONFLICT
    code = "INVALID_TRANSITION"
    sentence = _("A transaction in {now} cannot become {wanted}.")


class DuplicateReference(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "DUPLICATE_REFERENCE"
    sentence = _("Reference {reference} was already claimed.")


class CompletedIsKept(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "COMPLETED_IS_KEPT"
    sentence = _("A completed transaction is never deleted.")


class NoBankRecord(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "NO_BANK_RECORD"
    sentence = _("The bank has not shown this money; ask again or reject.")


class ChooseCredit(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "CHOOSE_CREDIT"
    sentence = _("Several credits fit; say which one pays this transaction.")


class CreditAlreadyUsed(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "CREDIT_ALREADY_USED"
    sentence = _("This credit already pays another transaction.")


class SecondPersonNeeded(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "SECOND_PERSON_NEEDED"
    sentence = _("Above {limit} Bs. a second reviewer approves; you were the first.")


class NothingToRefresh(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "NOTHING_TO_REFRESH"
    sentence = _("The bank is only asked about transactions that still wait for it.")


class AskedTooOften(Refusal):
    kind = Kind.RATE_LIMIT
    code = "BANK_BUDGET_SPENT"
    sentence = _("The bank is asked at most twice a minute about one transaction.")


class NobodyNamed(Refusal):
    kind = Kind.VALIDATION
    code = "NOBODY_NAMED"
    sentence = _("Name the person by document, by phone, or by both.")


class NothingHeld(Refusal):
    kind = Kind.NOT_FOUND
    code = "NOTHING_HELD"
    sentence = _("Nothing is held under that document and phone.")


class SeveralPeople(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "SEVERAL_PEOPLE"
    sentence = _("{people} people use that phone; name the person by document.")


class ClaimsOpen(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "CLAIMS_OPEN"
    sentence = _("{open} of the person's transactions are not decided yet.")


class BankBeingAsked(Refusal):
    kind = Kind.CONFLICT
    code = "BANK_BEING_ASKED"
    sentence = _("The bank is being asked about this person; try again in 2 minutes.")
