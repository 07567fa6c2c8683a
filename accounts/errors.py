"""Refusals about people; in order of precedence."""

from django.utils.translation import gettext_lazy as _

from areamedica.errors import Kind, Refusal


class TooManyAttempts(Refusal):
    kind = Kind.RATE_LIMIT
    code = "TOO_MANY_ATTEMPTS"
    sentence = _("Too many failed sign-ins from here; wait and try again.")


class InvalidCredentials(Refusal):
    kind = Kind.AUTHENTICATION
    code = "INVALID_CREDENTIALS"
    sentence = _("The e-mail or the password is wrong.")


class InvalidPassword(Refusal):
    kind = Kind.AUTHENTICATION
    code = "INVALID_PASSWORD"
    sentence = _("The current password is wrong.")


class InvalidToken(Refusal):
    kind = Kind.AUTHENTICATION
    code = "INVALID_TOKEN"
    sentence = _("The token is not valid or has expired.")


class TokenRevoked(Refusal):
    kind = Kind.AUTHENTICATION
    code = "TOKEN_REVOKED"
    sentence = _("This sign-in was ended; sign in again.")


class RegistrationClosed(Refusal):
    kind = Kind.AUTHORIZATION
    code = "REGISTRATION_CLOSED"
    sentence = _("Accounts here are made by the clinic.")


class SelfGrant(Refusal):
    kind = Kind.AUTHORIZATION
    code = "SELF_GRANT"
    sentence = _("Nobody changes his own permissions.")


class SuperuserOnly(Refusal):
    kind = Kind.AUTHORIZATION
    code = "SUPERUSER_ONLY"
    sentence = _("Only a superuser grants and revokes permissions.")


class UserNotFound(Refusal):
    kind = Kind.NOT_FOUND
    code = "USER_NOT_FOUND"
    sentence = _("There is no such user.")


class EmailTaken(Refusal):
    kind = Kind.CONFLICT
    code = "ALREADY_EXISTS"
    sentence = _("There is already an account with this e-mail.")


class LastSuperuser(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "LAST_SUPERUSER"
    sentence = _("The last superuser cannot be removed.")
