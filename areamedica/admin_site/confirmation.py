"""Changing a second factor: only by whoever proved a moment ago that it is he."""

import time
from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts.tokens import STEP_LIFETIME

_CONFIRMED = "confirmed_at"

Page = Callable[..., HttpResponse]


def note_confirmed(request: HttpRequest) -> None:
    request.session[_CONFIRMED] = time.time()


def forget_confirmed(request: HttpRequest) -> None:
    request.session.pop(_CONFIRMED, None)


def confirmed(view: Page) -> Page:
    """Lead to the confirmation, and back, unless it is five minutes young."""

    @wraps(view)
    def guarded(
        request: HttpRequest, site: AdminSite, **kwargs: object
    ) -> HttpResponse:
        since = time.time() - request.session.get(_CONFIRMED, 0)
        if since > STEP_LIFETIME.total_seconds():
            back = urlencode({"next": request.path})
            return redirect(f"{reverse('admin:my_security_confirm')}?{back}")
        return view(request, site, **kwargs)

    return guarded
