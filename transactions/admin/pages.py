"""The addresses of the back office's transactions."""

from uuid import UUID

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from accounts.visitors import actor_of
from areamedica.back_office import ASKS_AND_CHANGES, page
from areamedica.errors import Refusal
from areamedica.permissions import Permission as P
from areamedica.templatetags.back_office import patient
from transactions import receipt
from transactions.admin import detail, recording
from transactions.admin.forms import NewInquiry
from transactions.admin.review_pages import ReviewPages
from transactions.errors import DuplicateReference
from transactions.models import Transaction


@admin.register(Transaction)
class TransactionPages(ReviewPages):
    """The list, the pages and the buttons."""

    def get_urls(self) -> list[URLPattern]:
        names = "new queue queue_rows export"
        of_one = "review live receipt evidence ask withdraw approve reject reopen"
        return [
            *(self._at(f"{name.replace('_', '/')}/", name) for name in names.split()),
            *(self._at(f"<uuid:pk>/{name}/", name) for name in of_one.split()),
            *super().get_urls(),
        ]

    def _at(self, route: str, name: str) -> URLPattern:
        view = self.admin_site.admin_view(getattr(self, name))
        address: URLPattern = path(route, view, name=f"transactions_{name}")
        return address

    @page(P.TRANSACTION_CREATE, methods=ASKS_AND_CHANGES)
    def new(self, request: HttpRequest) -> HttpResponse:
        """Record a claim; a refusal stays on the form with what was typed."""
        form = NewInquiry(request.POST or None)
        duplicate = ""
        if request.method == "POST" and form.is_valid():
            try:
                recorded = recording.record(form, author=actor_of(request))
                return redirect("admin:transactions_transaction_change", recorded.pk)
            except DuplicateReference as refusal:
                duplicate = str(refusal.facts["existing_transaction_id"])
                form.add_error("reference", refusal.message)
            except Refusal as refusal:
                form.add_error(None, refusal.message)
        return self._show(
            request, "new", title=_("New inquiry"), form=form, duplicate=duplicate
        )

    @page(P.TRANSACTION_READ)
    def one(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        actor = actor_of(request)
        transaction = detail.look_at(pk, actor=actor)
        context = detail.context_of(transaction, actor=actor)
        return self._show(
            request, "one", title=patient(transaction.customer_full_name), **context
        )

    @page(P.TRANSACTION_READ)
    def live(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """The moving part of the page; 204 while it looks as the browser has it."""
        transaction = detail.find(pk)
        seen = detail.version(transaction, detail.inquiry_of(transaction))
        if request.GET.get("version") == seen:
            return HttpResponse(status=204)
        context = detail.context_of(transaction, actor=actor_of(request))
        return TemplateResponse(request, "transactions/_live.html", context)

    @page(P.TRANSACTION_READ)
    def receipt(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        drawn = receipt.pdf(detail.look_at(pk, actor=actor_of(request)))
        return HttpResponse(drawn, content_type="application/pdf")
