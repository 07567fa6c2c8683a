"""The role matrix: every role by every operation; a refusal writes only itself."""

from typing import Any

import pytest
from django.utils import timezone

from accounts import roles
from accounts.models import Role, User
from audit.models import Record
from tests.transactions.bodies import TRANSACTIONS, claim, erd, mobile, transfer
from transactions.models import Transaction
from transactions.services.submit import submit

pytestmark = [pytest.mark.integration, pytest.mark.django_db]

WHY = {"reason": "porque sí"}
EVERYBODY = {"cashier", "support", "reviewer", "bookkeeper", "auditor", "admin"}
OPERATIONS: dict[str, tuple[str, str, Any, set[str]]] = {
    "create": ("post", "", erd(), {"cashier", "reviewer", "admin"}),
    "full": (
        "post",
        "/full-reference",
        transfer(reference="777777"),
        {"cashier", "reviewer", "admin"},
    ),
    "partial": (
        "post",
        "/partial-reference",
        mobile(),
        {"cashier", "reviewer", "admin"},
    ),
    "list": (
        "get",
        "",
        None,
        EVERYBODY,
    ),
    "read": (
        "get",
        "/{id}",
        None,
        EVERYBODY,
    ),
    "status": (
        "get",
        "/{id}/status",
        None,
        EVERYBODY,
    ),
    "events": (
        "get",
        "/{id}/events",
        None,
        EVERYBODY,
    ),
    "receipt": (
        "get",
        "/{id}/receipt",
        None,
        EVERYBODY,
    ),
    "refresh": ("post", "/{id}/refresh", None, {"cashier", "reviewer", "admin"}),
    "withdraw": ("post", "/{id}/withdraw", WHY, {"cashier", "reviewer", "admin"}),
    "approve": ("post", "/{id}/approve", WHY, {"reviewer", "admin"}),
    "reject": ("post", "/{id}/reject", WHY, {"reviewer", "admin"}),
    "reopen": ("post", "/{id}/reopen", WHY, {"reviewer", "admin"}),
    "delete": ("delete", "/{id}", None, {"reviewer", "admin"}),
    "bulk": ("post", "/bulk-delete", ["{id}"], {"reviewer", "admin"}),
}


@pytest.mark.parametrize("role", list(roles.MATRIX))
@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_every_role_by_every_operation(
    api: Any, ana: User, person: Any, bank: Any, role: str, operation: str
) -> None:
    method, path, body, allowed = OPERATIONS[operation]
    row = submit(author=ana, claim=claim(), now=timezone.now()).transaction
    client = api(person("paula", role))
    before = (Transaction.objects.count(), Record.objects.count())
    url = TRANSACTIONS + path.format(id=row.pk)
    if body == ["{id}"]:
        body = [str(row.pk)]
    answer = getattr(client, method)(url, body, format="json")
    refused = (
        answer.status_code == 403 and answer.json()["error"]["code"] == "FORBIDDEN"
    )
    assert refused == (role not in allowed), answer.content
    assert answer.status_code < 500
    if refused:
        row.refresh_from_db()
        assert row.status == "IN_PROGRESS"
        after = (Transaction.objects.count(), Record.objects.count())
        assert after == (before[0], before[1] + 1)
        noted = Record.objects.latest("id")
        assert noted.action == "accounts.access_refused"


def test_the_database_holds_the_starting_matrix(db: None) -> None:
    stored = {
        role.name: {permission.name for permission in role.permissions.all()}
        for role in Role.objects.prefetch_related("permissions")
    }
    assert stored == {
        name: {permission.value for permission in permissions}
        for name, permissions in roles.MATRIX.items()
    }


def test_every_route_names_the_permission_it_needs() -> None:
    from transactions.api.views import NEEDED, TransactionViewSet

    extra = {action.__name__ for action in TransactionViewSet.get_extra_actions()}
    assert set(NEEDED) == extra | {"list", "retrieve", "create", "destroy"}
