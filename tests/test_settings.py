"""A wrong setting stops the start with one sentence that names it."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured

from areamedica.settings import env

ROOT = Path(__file__).resolve().parents[1]
_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def test_readers_take_what_is_meant(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("X_TEXT", "  word ")
    monkeypatch.setenv("X_NUMBER", "15")
    monkeypatch.setenv("X_FLAG", "Yes")
    monkeypatch.setenv("X_WORDS", "a, b,,c ")
    monkeypatch.setenv("X_MONEY", "50000.00")
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    monkeypatch.setenv("X_SECRET_FILE", str(secret))
    assert env.text("X_TEXT") == "word"
    assert env.number("X_NUMBER", 1) == 15
    assert env.flag("X_FLAG", default=False) is True
    assert env.words("X_WORDS") == ["a", "b", "c"]
    assert env.money("X_MONEY") == Decimal("50000.00")
    assert env.money("X_UNSET") is None
    assert env.text("X_SECRET") == "from a file"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, lambda: env.text("X_ODD")),
        ("many", lambda: env.number("X_ODD", 1)),
        ("-1", lambda: env.number("X_ODD", 1)),
        ("0", lambda: env.number("X_ODD", 1, least=1)),
        ("٣", lambda: env.number("X_ODD", 1)),
        ("maybe", lambda: env.flag("X_ODD", default=True)),
        ("lots", lambda: env.money("X_ODD")),
    ],
)
def test_readers_refuse_what_is_not(
    monkeypatch: pytest.MonkeyPatch, value: str | None, read: Any
) -> None:
    if value is not None:
        monkeypatch.setenv("X_ODD", value)
    with pytest.raises(ImproperlyConfigured, match="X_ODD"):
        read()


def problems(settings: Any, **changes: object) -> set[str | None]:
    for name, value in changes.items():
        setattr(settings, name, value)
    return {problem.id for problem in run_checks()}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"JWT_SECRET": "short"}, "accounts.E001"),
        ({"JWT_SECRET": "x" * 40, "ENVIRONMENT": "production"}, "accounts.E001"),
        ({"JWT_SECRET": "x" * 64, "SECRET_KEY": "x" * 64}, "accounts.E002"),
        ({"JWT_OLD_SECRETS": ["x" * 64, "short"]}, "accounts.E003"),
        ({"PUBLIC_URL": "clinica.example"}, "accounts.E006"),
        ({"PUBLIC_URL": "https://"}, "accounts.E006"),
        (
            {"PUBLIC_URL": "http://clinica.example", "ENVIRONMENT": "production"},
            "accounts.E006",
        ),
        ({"ENVIRONMENT": "production", "EMAIL_URL": ""}, "accounts.E007"),
        ({"AUDIT_SIGNING_KEY": ""}, "audit.E002"),
        ({"AUDIT_SIGNING_KEY": "short"}, "audit.E003"),
        ({"AUDIT_OLD_KEYS": ["clinic+00000000+AAAA"]}, "audit.E003"),
        ({"AUDIT_WRITER_KEY": ""}, "audit.E004"),
        ({"AUDIT_WRITER_KEY": "short"}, "audit.E005"),
        ({"AUDIT_OLD_WRITER_KEYS": ["AAAA"]}, "audit.E005"),
        ({"AUDIT_WRITER_KEY": _KEY, "AUDIT_SIGNING_KEY": _KEY}, "audit.E006"),
        ({"NOT_SEEN_ACTION": "forget"}, "transactions.E001"),
        ({"REVIEW_SECOND_PERSON_ABOVE": Decimal(-1)}, "transactions.E002"),
    ],
)
@pytest.mark.django_db
def test_checks_name_what_is_wrong(
    settings: Any, changes: dict[str, object], expected: str
) -> None:
    assert expected in problems(settings, **changes)


def test_no_limit_for_one_reviewer_is_fine(settings: Any, db: None) -> None:
    assert "transactions.E002" not in problems(
        settings, REVIEW_SECOND_PERSON_ABOVE=None
    )


def test_production_does_not_start_without_its_secrets() -> None:
    bare = {"PATH": os.environ["PATH"], "DATABASE_URL": "postgres://x:x@127.0.0.1:9/x"}
    answer = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={**bare, "DJANGO_SETTINGS_MODULE": "areamedica.settings.production"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    assert "is not set; .env.example explains it." in answer.stderr


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (
            {},
            "https://clinica.example django.core.mail.backends.smtp.EmailBackend"
            " localhost 25 False False",
        ),
        (
            {
                "PUBLIC_URL": "https://otra.example/",
                "EMAIL_URL": "smtp+ssl://ana:x%40y@mail.example:465",
            },
            "https://otra.example django.core.mail.backends.smtp.EmailBackend"
            " mail.example 465 False True",
        ),
    ],
)
def test_in_production_letters_never_go_to_the_console(
    given: dict[str, str], read: str
) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": "postgres://x:x@127.0.0.1:9/x",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "SECRET_KEY": "x" * 64,
        "JWT_SECRET": "y" * 64,
        "ALLOWED_HOSTS": ".clinica.example,web",
        **given,
    }
    asked = (
        "from areamedica.settings import production as p;"
        "print(p.PUBLIC_URL, p.EMAIL_BACKEND, p.EMAIL_HOST, p.EMAIL_PORT,"
        " p.EMAIL_USE_TLS, p.EMAIL_USE_SSL)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == read


def test_every_variable_is_explained() -> None:
    """What the settings read stands in .env.example, and nothing else does."""
    import re

    explained = set(
        re.findall(r"^([A-Z_0-9]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    )
    read = set()
    for path in [
        *(ROOT / "areamedica" / "settings").glob("*.py"),
        ROOT / "areamedica" / "celery.py",
    ]:
        source = path.read_text()
        read |= set(
            re.findall(
                r'(?:text|number|flag|words|money|environ\.get)\(\s*["\']([A-Z_0-9]+)',
                source,
            )
        )
    elsewhere = {
        "DJANGO_SETTINGS_MODULE",
        "WEB_WORKERS",
        "WEB_THREADS",
        "PROMETHEUS_MULTIPROC_DIR",
        "DEMO_PORT",
        "SANDBOX_PORT",
        "WITNESS_PORT",
        "DEMO_PASSWORD",
        "POSTGRES_PASSWORD",
        "POSTGRES_APP_PASSWORD",
        "REDIS_PASSWORD",
        "GRAFANA_PASSWORD",
        "HTTP_PORT",
        "HTTPS_PORT",
    }
    assert read - explained == set()
    assert explained - read == elsewhere
