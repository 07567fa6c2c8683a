"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from areamedica import health, watching

_API = [
    path("", include("accounts.api.urls")),
    path("", include("transactions.api.urls")),
    path("", include("audit.api.urls")),
    path("", include("ledger.api.urls")),
    path("", include("notifications.api.urls")),
]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include(_API)),
    # The seeds' other spelling (resolved conflict C16): the same views.
    path("api/", include(("accounts.api.urls", "accounts"), namespace="alias")),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("docs/", RedirectView.as_view(pattern_name="docs")),
    # ReDoc fetches fonts and a logo from elsewhere; one reader of the schema is enough.
    path("redoc", RedirectView.as_view(pattern_name="docs")),
    path("redoc/", RedirectView.as_view(pattern_name="docs")),
    path("health", health.summary),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("health/detailed", health.detailed),
    path("api/health", health.summary),
    path("metrics", watching.metrics),
]
