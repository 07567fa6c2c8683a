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


class InvalidApiKey(Refusal):
    """Unknown, wrong, revoked, run out, or of a closed client: no more is told."""

    kind = Kind.AUTHENTICATION
    code = "INVALID_API_KEY"
    sentence = _("The API key is not valid.")


class AddressNotAllowed(Refusal):
    kind = Kind.AUTHORIZATION
    code = "ADDRESS_NOT_ALLOWED"
    sentence = _("This API key is not used from this address.")


class WrongSignature(Refusal):
    """`why` is one word: signature, algorithm, created, expires, components, digest,
    nonce, nonce_used or no_public_key. Whoever reads it has shown a good key already.
    """

    kind = Kind.AUTHENTICATION
    code = "INVALID_SIGNATURE"
    sentence = _("The signature of the request is not valid: {why}")


class SignatureRequired(Refusal):
    kind = Kind.AUTHORIZATION
    code = "SIGNATURE_REQUIRED"
    sentence = _("A machine signs a request that moves money.")


class NotForMachines(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "NOT_FOR_MACHINES"
    sentence = _("Only a person can have this; a service client is none.")


class ClientNameTaken(Refusal):
    kind = Kind.CONFLICT
    code = "CLIENT_NAME_TAKEN"
    sentence = _("There is already a service client with this name.")


class ClientClosed(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "CLIENT_CLOSED"
    sentence = _("This service client is closed; open it again first.")


class KeyEnded(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "KEY_ENDED"
    sentence = _("This API key has already ended.")


class UnreadableNetwork(Refusal):
    kind = Kind.VALIDATION
    code = "UNREADABLE_NETWORK"
    sentence = _("{written} is no address and no network such as 203.0.113.0/24.")


class UnreadablePublicKey(Refusal):
    kind = Kind.VALIDATION
    code = "UNREADABLE_PUBLIC_KEY"
    sentence = _("Give an Ed25519 public key, as PEM or as base64 of its 32 bytes.")


class SecondFactorRequired(Refusal):
    """Its facts hold the second step's token, for whoever typed the password."""

    kind = Kind.AUTHENTICATION
    code = "SECOND_FACTOR_REQUIRED"
    sentence = _("The password is right; now the second step.")


class InvalidSecondFactor(Refusal):
    kind = Kind.AUTHENTICATION
    code = "INVALID_SECOND_FACTOR"
    sentence = _("The code is wrong, or it was used already.")


class SecondStepLocked(Refusal):
    kind = Kind.RATE_LIMIT
    code = "SECOND_STEP_LOCKED"
    sentence = _("Too many wrong codes; wait a quarter of an hour.")


class SecondFactorEnrolmentRequired(Refusal):
    kind = Kind.AUTHORIZATION
    code = "SECOND_FACTOR_ENROLMENT_REQUIRED"
    sentence = _("Your role needs a second factor; add one in the back office.")


class SecondFactorExists(Refusal):
    kind = Kind.CONFLICT
    code = "SECOND_FACTOR_EXISTS"
    sentence = _("There is such a second factor already; remove it first.")


class SecondFactorMissing(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "SECOND_FACTOR_MISSING"
    sentence = _("There is no second factor.")


class LastSecondFactor(Refusal):
    kind = Kind.BUSINESS_RULE
    code = "LAST_SECOND_FACTOR"
    sentence = _("Your role needs a second factor; add another before removing this.")


class InvalidLink(Refusal):
    kind = Kind.VALIDATION
    code = "INVALID_LINK"
    sentence = _("This link is not valid, has expired or was used; ask for a new one.")
