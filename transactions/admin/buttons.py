"""Every button of a transaction: a POST that calls the service the API calls."""

import json
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts.visitors import actor_of
from areamedica.back_office import CHANGES, page
from areamedica.permissions import Permission as P
from banking.services import export_evidence
from transactions.admin import deciding, export, recording
from transactions.admin.detail import find
from transactions.admin.list import TransactionList


class TransactionButtons(TransactionList):
    """What changes something; nothing here answers a GET."""

    @page(P.TRANSACTION_UPDATE, methods=CHANGES)
    def ask(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return recording.ask_now(request, find(pk))

    @page(P.TRANSACTION_UPDATE, P.TRANSACTION_REVIEW, methods=CHANGES)
    def withdraw(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return recording.take_back(request, find(pk), actor_of(request))

    @page(P.TRANSACTION_REVIEW, methods=CHANGES)
    def approve(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return deciding.approve(request, find(pk), actor_of(request))

    @page(P.TRANSACTION_REVIEW, methods=CHANGES)
    def reject(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return deciding.reject(request, find(pk), actor_of(request))

    @page(P.TRANSACTION_REVIEW, methods=CHANGES)
    def reopen(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return deciding.reopen(request, find(pk), actor_of(request))

    @page(P.BANK_MANAGE, methods=CHANGES)
    def evidence(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Every question about it, redacted for the bank's desk, as a JSON file."""
        transaction = find(pk)
        traces = export_evidence(subject=str(pk), actor=actor_of(request))
        name = f"evidencia-{transaction.transaction_id}.json"
        return HttpResponse(
            json.dumps(traces, indent=2, ensure_ascii=False),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @page(P.TRANSACTION_EXPORT, methods=CHANGES)
    def export(self, request: HttpRequest) -> HttpResponse:
        """The rows of the list whose filters stand in the address, as a file."""
        changelist: Any = self.get_changelist_instance(request)
        try:
            return export.export(
                changelist.get_queryset(request),
                form=request.POST.get("format", ""),
                actor=actor_of(request),
            )
        except ValidationError as error:
            messages.error(request, error.message)
            here = redirect("admin:transactions_transaction_changelist")
            here["Location"] += changelist.get_query_string()
            return here
