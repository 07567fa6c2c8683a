"""A partner's server as the tests play it: it signs with a library, as partners do."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from http_message_signatures import HTTPMessageSigner, MappingKeyResolver, algorithms
from rest_framework.test import APIClient

from accounts.models import Permission, ServiceClient, User
from accounts.services import machines, rights

HOST = "http://testserver"
COVERED = ("@method", "@target-uri")


def private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: Ed25519PrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@dataclass
class Machine:
    """A registered client, its newest key and the private half of its signatures."""

    client: ServiceClient
    issued: machines.Issued
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def user(self) -> User:
        return User.objects.get(pk=self.client.pk)

    def request(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> requests.PreparedRequest:
        """An unsigned request with the key; headers by keyword, `_` for `-`."""
        told = {name.replace("_", "-"): text for name, text in headers.items()}
        return requests.Request(
            method,
            f"{HOST}{path}",
            json=body,
            headers={"X-API-Key": self.issued.text, **told},
        ).prepare()

    def sign(
        self,
        request: requests.PreparedRequest,
        *,
        covered: tuple[str, ...] | None = None,
        private: Any = None,
        algorithm: Any = algorithms.ED25519,
        created: datetime | None = None,
        **changes: Any,
    ) -> requests.PreparedRequest:
        """Sign as the documents ask, but for what is changed here."""
        prefix = self.issued.key.prefix
        if covered is None:
            covered = COVERED
            if "Idempotency-Key" in request.headers:
                covered = (*covered, "idempotency-key")
        options = {
            "key_id": prefix,
            "nonce": secrets.token_urlsafe(24),
            "body": request.body,
            "created": created,
            **changes,
        }
        signer = HTTPMessageSigner(
            signature_algorithm=algorithm,
            key_resolver=MappingKeyResolver(
                public_keys={},
                private_keys={options["key_id"]: private or private_pem(self.private)},
            ),
        )
        signer.sign(request, covered_component_ids=covered, **options)
        return request


def deliver(request: requests.PreparedRequest, **environ: Any) -> Any:
    """What the application answers to exactly this request."""
    headers = dict(request.headers)
    headers.pop("Content-Length", None)  # the client counts what is really sent
    return APIClient(raise_request_exception=False).generic(
        str(request.method),
        str(request.url).removeprefix(HOST),
        data=request.body or b"",
        content_type=headers.pop("Content-Type", "application/json"),
        headers=headers,
        **environ,
    )


def make_machine(
    root: User, *scopes: str, name: str = "Socio", **facts: Any
) -> Machine:
    """A client that may sign, with these scopes."""
    client = machines.register(actor=root, name=name, **facts)
    private = Ed25519PrivateKey.generate()
    issued = machines.issue_key(
        actor=root, client=client, public_key=public_pem(private)
    )
    for scope in scopes:
        rights.grant(
            actor=root,
            user=client.user,
            permission=Permission.objects.get(name=scope),
            reason="Convenio",
        )
    return Machine(client, issued, private)
