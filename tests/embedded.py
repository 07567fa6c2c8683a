"""Gives the tests a PostgreSQL and a Redis when nobody named any.

Loaded with `-p tests.embedded`, because a conftest.py comes too late: by then
pytest-django has read the settings, and tests would run against whatever happens to
answer at the default address. A hook wrapper runs before every other plugin's turn.

Each process of xdist has its own: on one PostgreSQL any open transaction of a
neighbour would hold back what sealing may read. The first takes what was started
before there were processes.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from areamedica.devstack.processes import command_line
from areamedica.devstack.servers import Postgres, Valkey, start_on_free_port

# The names of what we started, told to the processes of xdist.
OURS = "AREAMEDICA_EMBEDDED"


class _Crowded(Postgres):
    """With room for a hundred at once, besides those who look on."""

    def _settings(self) -> list[str]:
        return [*super()._settings(), "max_connections=150"]


DEFAULTS = {
    "DJANGO_SETTINGS_MODULE": "areamedica.settings.test",
    "SECRET_KEY": "only-for-tests-and-therefore-no-secret-at-all-0123456789",
    "JWT_SECRET": "also-only-for-tests-but-a-different-key-" + "0123456789" * 3,
}
_KINDS: dict[str, type[Postgres | Valkey]] = {
    "DATABASE_URL": _Crowded,
    "REDIS_URL": Valkey,
}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        for name in os.environ.pop(OURS, "").split():
            del os.environ[name]
    only_asking = early_config.known_args_namespace
    if not (only_asking.help or only_asking.version):
        stack = ExitStack()
        early_config.add_cleanup(stack.close)
        _start_what_is_missing(stack)
    return (yield)


def _start_what_is_missing(stack: ExitStack) -> None:
    missing = [name for name in _KINDS if name not in os.environ]
    if not missing:
        return
    _sweep_up()
    folder = Path(tempfile.mkdtemp(prefix=f"areamedica-test-{os.getpid()}-"))
    folder.chmod(0o711)  # PostgreSQL runs as `nobody` when we are root
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    for name in missing:
        os.environ[name] = _start(_KINDS[name], folder / name.lower(), stack)
    os.environ[OURS] = " ".join(missing)


def _start(kind: type[Postgres | Valkey], folder: Path, stack: ExitStack) -> str:
    server = kind(
        folder,
        password=secrets.token_hex(16),
        log=folder.with_suffix(".log"),
        durable=False,
    )
    stack.callback(server.destroy)
    stack.callback(server.stop)
    start_on_free_port(server)
    return server.url


def _sweep_up() -> None:
    """Remove the folders of runs that were killed; their servers died with them."""
    for folder in Path(tempfile.gettempdir()).glob("areamedica-test-*-*"):
        owner = int(folder.name.split("-")[2])
        # Two who begin together sweep together: what is gone is gone.
        with suppress(FileNotFoundError):
            if folder.stat().st_uid == os.geteuid() and not any(command_line(owner)):
                shutil.rmtree(folder, ignore_errors=True)
