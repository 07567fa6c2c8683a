"""The bookkeeper's desk: addresses of its pages."""

from uuid import UUID

BOOKS = "/admin/ledger/balance/"
ACCOUNTS = "/admin/ledger/account/"
MONTHS = "/admin/ledger/closing/"


def account_page(pk: UUID) -> str:
    return f"{ACCOUNTS}{pk}/change/"


def transfer_page(pk: UUID) -> str:
    return f"/admin/ledger/transfer/{pk}/"
