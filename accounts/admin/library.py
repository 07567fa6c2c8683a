"""Tables of libraries, in the house's look and for superusers, or not shown at all."""

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from axes.models import (
    AccessAttempt,
    AccessAttemptExpiration,
    AccessFailureLog,
    AccessLog,
)
from django.contrib import admin
from django.contrib.auth.models import Group

# What libraries bring along says nothing the journal does not say better, and second
# factors are added and removed by services alone.
for _model in (
    AccessAttempt,
    AccessAttemptExpiration,
    AccessFailureLog,
    AccessLog,
    Authenticator,
    EmailAddress,
    EmailConfirmation,
    Group,
):
    if admin.site.is_registered(_model):
        admin.site.unregister(_model)
