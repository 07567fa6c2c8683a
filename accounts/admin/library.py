"""Tables of libraries, in the house's look and for superusers, or not shown at all."""

from axes.models import (
    AccessAttempt,
    AccessAttemptExpiration,
    AccessFailureLog,
    AccessLog,
)
from django.contrib import admin
from django.contrib.auth.models import Group

# What django-axes and Django bring along says nothing the journal does not say better.
for _model in (
    AccessAttempt,
    AccessAttemptExpiration,
    AccessFailureLog,
    AccessLog,
    Group,
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
