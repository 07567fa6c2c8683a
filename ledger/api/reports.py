"""`/api/v1/ledger/reports/…` and what an account was: the books read as a whole."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from areamedica.api.fields import DayField, MomentField
from areamedica.api.schema import refuses
from areamedica.api.serializing import Ready
from areamedica.clock import demand_within_reach
from areamedica.money import BOLIVAR, CURRENCIES
from ledger.api.serializers import BalanceOut, EntryOut, PageQuery
from ledger.api.views import Read, named
from ledger.chart import Kind
from ledger.errors import AccountNotFound
from ledger.models import Account
from ledger.services import reading, reports, statements
from ledger.services.reports import AsOf, Line, Sheet


class AsOfQuery(Ready):
    at = MomentField(
        required=False,
        validators=[demand_within_reach],
        help_text="just before this moment, as it was booked then",
    )
    on = DayField(
        required=False,
        help_text="at the end of this Caracas day, by effective date",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "at" in attrs and "on" in attrs:
            raise serializers.ValidationError({"on": _("Give `at` or `on`, not both.")})
        return attrs


class CurrencyQuery(Ready):
    currency = serializers.ChoiceField(choices=CURRENCIES, default=BOLIVAR)


class ReportQuery(CurrencyQuery, AsOfQuery):
    pass


class BelowQuery(PageQuery, AsOfQuery):
    after = serializers.CharField(
        max_length=64, required=False, help_text="`next_after`; pages are by code"
    )


class PeriodQuery(Ready):
    first = DayField(help_text="Caracas day")
    last = DayField(help_text="this day included")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["last"] < attrs["first"]:
            raise serializers.ValidationError({"last": _("It lies before `first`.")})
        return attrs


class ResultQuery(CurrencyQuery, PeriodQuery):
    pass


class StatementQuery(PageQuery, PeriodQuery):
    by = serializers.ChoiceField(
        choices=[each.value for each in statements.By],
        default=statements.By.BOOKED.value,
        help_text="which day of a transfer counts",
    )
    after = serializers.CharField(
        max_length=64, required=False, help_text="`next_after`"
    )

    def validate_after(self, text: str) -> statements.Place:
        try:
            return statements.Place.read(text)
        except ValueError as error:
            raise serializers.ValidationError(_("Give `next_after` back.")) from error

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs, after = super().validate(attrs), attrs.get("after")
        if after and not attrs["first"] <= after.day <= attrs["last"]:
            raise serializers.ValidationError({"after": _("Give `next_after` back.")})
        return attrs


class LineOut(Ready):
    """An account, or a heading and how many accounts are folded into it."""

    account_id = serializers.UUIDField()
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    accounts = serializers.IntegerField(help_text="folded; 0 for an account itself")
    debit = serializers.CharField()
    credit = serializers.CharField()
    amount = serializers.CharField(help_text="on its own side")

    def to_representation(self, instance: Line) -> dict[str, Any]:
        return {
            "account_id": str(instance.account_id),
            "code": instance.code,
            "name": instance.name,
            "kind": instance.kind.value,
            "accounts": instance.accounts,
            "debit": str(instance.debit),
            "credit": str(instance.credit),
            "amount": str(instance.amount),
        }


class LinesOut(Ready):
    items = LineOut(many=True)
    next_after = serializers.CharField(allow_null=True)


class PartOut(Ready):
    total = serializers.CharField()
    lines = LineOut(many=True)


class TrialBalanceOut(Ready):
    currency = serializers.CharField()
    lines = LineOut(many=True)
    debit = serializers.CharField()
    credit = serializers.CharField()


class BalanceSheetOut(Ready):
    currency = serializers.CharField()
    assets = PartOut()
    liabilities = PartOut()
    result = serializers.CharField(help_text="income less expenses of all time")


class IncomeStatementOut(Ready):
    currency = serializers.CharField()
    income = PartOut()
    expenses = PartOut()
    result = serializers.CharField()


class StatementOut(Ready):
    account_id = serializers.UUIDField()
    currency = serializers.CharField()
    opening = serializers.CharField()
    closing = serializers.CharField()
    items = EntryOut(many=True)
    next_after = serializers.CharField(allow_null=True)


def asked(query: type[Ready], request: Request) -> dict[str, Any]:
    """What the address asks. :raises ValidationError: it makes no sense."""
    given = query(data=request.query_params)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def as_of(wanted: dict[str, Any]) -> AsOf:
    return AsOf(at=wanted.get("at"), on=wanted.get("on"))


def balance_as_of(
    account: UUID, at: datetime | None, on: date | None
) -> dict[str, Any]:
    """What `GET …/balance` says: amount then, all else now. :raises AccountNotFound:"""
    balance = reading.balance_of(account)
    said: dict[str, Any] = BalanceOut(balance).data
    if at is not None:
        said["amount"] = str(reading.balance_at(balance, at))
    elif on is not None:
        said["amount"] = str(reading.balance_on(balance, on))
    return said


class AccountBalance(Read):
    @refuses(AccountNotFound)
    @extend_schema(
        parameters=[AsOfQuery],
        responses=BalanceOut,
        operation_id="ledger_accounts_balance",
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """What is or was on the account, on its own side; all else is as it is now."""
        wanted = asked(AsOfQuery, request)
        account = named(id, AccountNotFound)
        return Response(balance_as_of(account, wanted.get("at"), wanted.get("on")))


class AccountStatement(Read):
    @refuses(AccountNotFound)
    @extend_schema(
        parameters=[StatementQuery],
        responses=StatementOut,
        operation_id="ledger_accounts_statement",
        examples=[
            OpenApiExample(
                "the first page of November",
                value={
                    "account_id": "d5ef1dd0-d667-58a4-bdb8-0eeef3203aac",
                    "currency": "VES",
                    "opening": "1250.00",
                    "closing": "1262.50",
                    "items": [
                        {
                            "seq": 18,
                            "transfer_id": "0f5fb7a2-8a1c-5d0e-9d53-1c5b7bb0a1f4",
                            "counterpart_id": "b0c1b1a7-52d4-5c4f-8f7c-6b0c6dbe2a11",
                            "side": "debit",
                            "amount": "12.50",
                            "balance": "1262.50",
                            "booked_at": "2026-11-03T14:05:09+00:00",
                            "effective": "2026-11-03",
                            "code": "payment_confirmed",
                        }
                    ],
                    "next_after": "2026-11-03.18.18",
                },
            )
        ],
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """The account on these days, oldest first: opening, entries, closing.

        By effective date each `balance` is what was on the account in that order.
        """
        wanted = asked(StatementQuery, request)
        account = named(id, AccountNotFound)
        found = statements.statement(
            account,
            first=wanted["first"],
            last=wanted["last"],
            by=statements.By(wanted["by"]),
            after=wanted.get("after"),
            limit=wanted["limit"],
        )
        return Response(
            {
                "account_id": str(account),
                "currency": found.currency,
                "opening": str(found.opening),
                "closing": str(found.closing),
                "items": EntryOut(found.entries, many=True).data,
                "next_after": str(found.following) if found.following else None,
            }
        )


class Below(Read):
    @refuses(AccountNotFound)
    @extend_schema(
        parameters=[BelowQuery],
        responses=LinesOut,
        operation_id="ledger_accounts_below",
    )
    def get(self, request: Request, id: str) -> Response:  # noqa: A002 (the contract's)
        """The accounts of a heading, by code, with what is or was on each."""
        wanted = asked(BelowQuery, request)
        heading = named(id, AccountNotFound)
        if not Account.objects.filter(pk=heading, is_heading=True).exists():
            raise AccountNotFound
        lines, after = reports.below(
            heading,
            as_of(wanted),
            after=wanted.get("after", ""),
            limit=wanted["limit"],
        )
        return Response({"items": _shown(lines), "next_after": after})


def _shown(lines: list[Line]) -> Any:  # noqa: ANN401 (the library's)
    return LineOut(lines, many=True).data


def _part(sheet: Sheet, *kinds: Kind) -> dict[str, Any]:
    lines = sheet.of(*kinds)
    return {"total": str(reports.total(lines)), "lines": _shown(lines)}


class TrialBalance(Read):
    @extend_schema(
        parameters=[ReportQuery],
        responses=TrialBalanceOut,
        operation_id="ledger_reports_trial_balance",
    )
    def get(self, request: Request) -> Response:
        """Every account that something is or was on; debit and credit are equal.

        Patients' accounts are one line: `…/accounts/{account_id}/below` opens it.
        """
        wanted = asked(ReportQuery, request)
        sheet = reports.balances(wanted["currency"], as_of(wanted))
        return Response(
            {
                "currency": sheet.currency,
                "lines": _shown(list(sheet.lines)),
                "debit": str(sheet.debit),
                "credit": str(sheet.credit),
            }
        )


class BalanceSheet(Read):
    @extend_schema(
        parameters=[ReportQuery],
        responses=BalanceSheetOut,
        operation_id="ledger_reports_balance_sheet",
    )
    def get(self, request: Request) -> Response:
        """What is owned and what is owed: assets are liabilities and the result."""
        wanted = asked(ReportQuery, request)
        sheet = reports.balances(wanted["currency"], as_of(wanted))
        return Response(
            {
                "currency": sheet.currency,
                "assets": _part(sheet, Kind.ASSET),
                "liabilities": _part(sheet, *reports.OWED),
                "result": str(sheet.result),
            }
        )


class IncomeStatement(Read):
    @extend_schema(
        parameters=[ResultQuery],
        responses=IncomeStatementOut,
        operation_id="ledger_reports_income_statement",
    )
    def get(self, request: Request) -> Response:
        """What was earned and spent on these days, by effective date."""
        wanted = asked(ResultQuery, request)
        sheet = reports.income_statement(
            wanted["currency"], first=wanted["first"], last=wanted["last"]
        )
        return Response(
            {
                "currency": sheet.currency,
                "income": _part(sheet, Kind.INCOME),
                "expenses": _part(sheet, Kind.EXPENSE),
                "result": str(sheet.result),
            }
        )
