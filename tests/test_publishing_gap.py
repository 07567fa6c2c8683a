"""No work hangs on a message: behind each is a row, and a sweep that finds it again."""

import ast
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings

from areamedica.celery import app

pytestmark = [pytest.mark.unit]

ROOT = Path(__file__).resolve().parents[1]
# Task -> (the row that is the intent, what beat runs that finds it again). A task that
# beat itself rings needs no row: it looks at everything there is.
BEHIND = {
    "transactions.ask_bank": ("Inquiry", "transactions.sweep"),
}


def of_beat() -> set[str]:
    return {each["task"] for each in settings.CELERY_BEAT_SCHEDULE.values()}


def of_ours() -> set[str]:
    app.loader.import_default_modules()
    return {name for name in current_app.tasks if not name.startswith("celery.")}


def test_every_task_is_rung_by_beat_or_found_by_a_sweep() -> None:
    assert of_ours() == of_beat() | set(BEHIND)
    for row, sweep in BEHIND.values():
        assert sweep in of_beat()
        assert row


def _rings(tree: ast.AST) -> list[ast.Call]:
    """Every call that gives Celery a message, also through `partial`."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            written = ast.unparse(node.func)
            first = ast.unparse(node.args[0]) if node.args else ""
            if written.endswith("doorbell.ring") or first.endswith("doorbell.ring"):
                found.append(node)
    return found


def _sources() -> list[Path]:
    rooms = [
        name
        for name in settings.INSTALLED_APPS
        if (ROOT / name / "__init__.py").exists()
    ]
    return [file for room in rooms for file in sorted((ROOT / room).rglob("*.py"))]


def test_every_ring_names_such_a_task() -> None:
    rung = set()
    for file in _sources():
        for call in _rings(ast.parse(file.read_text(encoding="utf-8"))):
            names = [
                each.value
                for each in call.args
                if isinstance(each, ast.Constant) and isinstance(each.value, str)
            ]
            assert len(names) == 1, f"{file.name}: a ring without a task's name"
            rung.add(names[0])
    assert rung == {
        "accounts.send_letters",
        "audit.look",
        "audit.prune",
        "ledger.book_imports",
        "ledger.prove",
        "notifications.send",
        "transactions.ask_bank",
        "transactions.sweep",
    }
    assert rung <= of_beat() | set(BEHIND)


def test_nobody_speaks_to_celery_past_the_doorbell() -> None:
    """`.delay` after a commit is a message that may be lost with the process."""
    forbidden = (".delay(", ".apply_async(", "send_task(")
    for file in _sources():
        if file.name != "doorbell.py":
            text = file.read_text(encoding="utf-8")
            assert not any(each in text for each in forbidden), file
