"""How the back office looks: django-unfold's settings and those of its neighbours."""

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

_static = lazy(static, str)

UNFOLD = {
    "SITE_TITLE": "Área Médica",
    "SITE_HEADER": "Área Médica",
    "SITE_SUBHEADER": _("Did the money arrive?"),
    "SITE_SYMBOL": "verified",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": _static("back_office/favicon.svg"),
        }
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": reverse_lazy("admin:language")},
    "SHOW_BACK_BUTTON": False,
    "BORDER_RADIUS": "8px",
    "STYLES": [_static("back_office/back_office.css")],
    "SCRIPTS": [_static("back_office/back_office.js")],
    "COLORS": {
        # A clinic's teal: calm beside the green, amber and red that carry meaning.
        "primary": {
            "50": "oklch(97.5% .014 205)",
            "100": "oklch(94.5% .03 205)",
            "200": "oklch(89.5% .058 207)",
            "300": "oklch(82% .09 210)",
            "400": "oklch(72% .11 213)",
            "500": "oklch(61% .11 217)",
            "600": "oklch(51% .095 220)",
            "700": "oklch(44% .082 222)",
            "800": "oklch(38% .068 224)",
            "900": "oklch(33% .055 226)",
            "950": "oklch(24% .045 228)",
        },
    },
    "DASHBOARD_CALLBACK": "transactions.admin.home.home",
    "SIDEBAR": {
        "show_search": False,
        "navigation": "areamedica.admin_site.menu.menu",
    },
}

# Unfold's sign-in page forgets where to go when it was opened by itself.
LOGIN_REDIRECT_URL = reverse_lazy("admin:index")

# The library empties a leading "=" only; transactions.admin.export does the rest.
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True
