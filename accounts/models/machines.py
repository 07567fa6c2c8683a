"""Other people's servers: the keys they show, and the signatures they may use once."""

from typing import ClassVar, Self
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User


class ServiceClient(models.Model):
    """A partner's server. It acts as a user of its own that cannot sign in.

    What it may do are ordinary grants of that user; whether it may come in at all is
    the user's `is_active`. So its work is journaled, limited and attributed as a
    person's is.
    """

    user = models.OneToOneField(
        User, models.PROTECT, primary_key=True, verbose_name=_("user")
    )
    name = models.CharField(_("name"), max_length=100)
    # Networks as `ipaddress` writes them; none means any address.
    allowed_addresses = ArrayField(
        models.CharField(max_length=43),
        verbose_name=_("allowed addresses"),
        default=list,
        blank=True,
    )
    requests_per_minute = models.PositiveIntegerField(_("requests a minute"))
    created_by = models.ForeignKey(
        User, models.PROTECT, related_name="+", verbose_name=_("created by")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("service client")
        verbose_name_plural = _("service clients")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["name"], name="client_name_once"),
            models.CheckConstraint(
                condition=Q(requests_per_minute__gt=0), name="client_limit_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClientKeyQuerySet(models.QuerySet["ClientKey"]):
    def living(self) -> Self:
        """Neither revoked nor run out, by the database's clock."""
        return self.filter(revoked_at=None, expires_at__gt=Now())


class ClientKey(models.Model):
    """One API key of a client. Several may live at once: that is how they are rotated.

    Of the secret only its SHA-256 is kept. It has 256 random bits, so there is nothing
    to guess and a slow hash would guard nothing.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    client = models.ForeignKey(
        ServiceClient, models.PROTECT, related_name="keys", verbose_name=_("client")
    )
    prefix = models.CharField(_("prefix"), max_length=10)
    digest = models.CharField(max_length=64, editable=False)
    # Ed25519, as PEM; without one this key's requests cannot be signed.
    public_key = models.TextField(_("public key"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    last_used_at = models.DateTimeField(_("last use"), null=True, editable=False)

    objects: ClassVar[models.Manager["ClientKey"]] = ClientKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-created_at",)
        constraints = [
            models.UniqueConstraint(fields=["prefix"], name="key_prefix_once"),
            models.CheckConstraint(
                condition=Q(expires_at__gte=F("created_at")),
                name="key_ends_after_it_began",
            ),
        ]

    def __str__(self) -> str:
        return f"am_{self.prefix}_…"


class UsedNonce(models.Model):
    """A signature that was used; the same one is refused while it would still count."""

    key = models.ForeignKey(ClientKey, models.CASCADE)
    nonce = models.CharField(max_length=128)
    used_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "nonce"], name="nonce_once")
        ]
        indexes = [models.Index(fields=["used_at"], name="nonce_by_use")]

    def __str__(self) -> str:
        return self.nonce
