"""The starting matrix: which role may do what (api.md, "Signing in").

It is written into the database once, by migration; from then on the rows there are the
truth and a superuser may change them.
"""

from areamedica.permissions import Permission as P

USER = "user"
CASHIER = "cashier"
SUPPORT = "support"
REVIEWER = "reviewer"
BOOKKEEPER = "bookkeeper"
AUDITOR = "auditor"
ADMIN = "admin"

_CASHIER = {P.TRANSACTION_CREATE, P.TRANSACTION_READ, P.TRANSACTION_UPDATE}

MATRIX: dict[str, set[P]] = {
    USER: set(),
    CASHIER: _CASHIER,
    SUPPORT: {P.TRANSACTION_READ},
    REVIEWER: _CASHIER
    | {P.TRANSACTION_REVIEW, P.TRANSACTION_DELETE, P.TRANSACTION_EXPORT},
    BOOKKEEPER: {
        P.TRANSACTION_READ,
        P.TRANSACTION_EXPORT,
        P.LEDGER_READ,
        P.LEDGER_POST,
        P.LEDGER_CLOSE,
    },
    AUDITOR: {P.TRANSACTION_READ, P.TRANSACTION_EXPORT, P.AUDIT_READ, P.LEDGER_READ},
    ADMIN: set(P),
}
LABELS = {
    USER: "Usuario",
    CASHIER: "Cajero",
    SUPPORT: "Soporte",
    REVIEWER: "Revisor",
    BOOKKEEPER: "Contador",
    AUDITOR: "Auditor",
    ADMIN: "Administrador",
}
# Who works in the back office; a plain user has his own profile only.
STAFF = set(MATRIX) - {USER}
