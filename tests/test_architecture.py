"""The house stands: arrows downwards, no migration missing, languages complete."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.conftest import begin_anew
from tests.journaled import staged

ROOT = Path(__file__).resolve().parents[1]


def test_every_arrow_points_downwards() -> None:
    answer = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_our_migrations_go_back_and_forth() -> None:
    with staged():
        for app in ("transactions", "ledger", "accounts", "audit", "api", "banking"):
            call_command("migrate", app, "zero", verbosity=0)
        call_command("migrate", verbosity=0)
    begin_anew()


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_catalogues_are_complete(language: str) -> None:
    """No sentence without its words, none that is only guessed."""
    path = ROOT / "locale" / language / "LC_MESSAGES" / "django.po"
    entries = path.read_text(encoding="utf-8").split("\n\n")[1:]
    nothing = re.compile(r'^msgstr(\[\d\])? ""$(?!\n")', re.MULTILINE)
    unfinished = [
        entry for entry in entries if "#, fuzzy" in entry or nothing.search(entry)
    ]
    assert unfinished == []


def test_no_sentence_stands_where_its_collector_is_blind() -> None:
    """xgettext does not look into f-strings: the next catalogue would lack it."""
    words = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy"}
    unseen = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in ROOT.glob("[a-z]*/**/*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in words
    ]
    assert unseen == []


def test_nothing_committed_names_a_machine_or_a_registry() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in {".txt", ".toml", ".yml", ".cfg", ""} and path.is_file():
            text = path.read_text(encoding="utf-8", errors="ignore")
            assert "--index-url" not in text, name
            assert "file:///" not in text, name
