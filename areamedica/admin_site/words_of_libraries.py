"""Sentences of libraries that our people see and nobody else puts into Spanish.

Nothing imports this module; `makemessages` reads it, so that the catalogue keeps them.
"""

from django.utils.translation import gettext_noop as _

UNFOLD = (
    _(" By %(filter_title)s "),
    _("Apply Filters"),
    _("Clear all filters"),
    _("Click to cancel"),
    _("Click to download"),
    _("Dark"),
    _("Expand row"),
    _("Filter navigation items"),
    _("Filters"),
    _("From"),
    _("General"),
    _("Go back"),
    _("Hide counts"),
    _("Light"),
    _("Loading more results..."),
    _("Log in again"),
    _("More actions"),
    _("No results found"),
    _("Reset filters"),
    _("Return to site"),
    _("Search apps and models..."),
    _("Select action"),
    _("Select action to run"),
    _("Select all rows"),
    _("Select record"),
    _("Select value"),
    _("Show counts"),
    _("This page yielded into no results. Create a new item or reset your filters."),
    _("To"),
    _("Toggle password visibility"),
    _("Type to search"),
    _("Unknown"),
    _("You have been successfully logged out from the administration"),
)
