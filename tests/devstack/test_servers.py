"""The private servers, driven as the demo and the test plugin drive them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from areamedica.devstack import servers
from areamedica.devstack.processes import NotReady, Process, command_line
from areamedica.devstack.servers import Postgres, Valkey, start_on_free_port

PASSWORD = "0123456789abcdef"  # noqa: S105

Make = Callable[..., Postgres | Valkey]


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes servers, and ends what a failing test leaves behind."""
    folder = Path(tempfile.mkdtemp(prefix=f"areamedica-test-{os.getpid()}-"))
    folder.chmod(0o711)
    made: list[Postgres | Valkey] = []

    def one(
        kind: type[Postgres | Valkey], name: str, *, durable: bool = False
    ) -> Postgres | Valkey:
        log = folder / f"{name}.log"
        server = kind(folder / name, password=PASSWORD, log=log, durable=durable)
        made.append(server)
        return server

    yield one
    for server in made:
        server.stop()
        server.destroy()
    shutil.rmtree(folder)


def test_two_installations_run_side_by_side_and_leave_no_process(make: Make) -> None:
    both = [
        [make(Postgres, f"postgres-{clone}"), make(Valkey, f"valkey-{clone}")]
        for clone in ("one", "two")
    ]
    for clone, (postgres, valkey) in enumerate(both):
        start_on_free_port(postgres)
        start_on_free_port(valkey)
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE TABLE mark AS SELECT %s AS clone", [clone])
        redis.Redis.from_url(valkey.url).set("mark", clone)
    for clone, (postgres, valkey) in enumerate(both):
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SELECT clone FROM mark").fetchone() == (clone,)
        assert redis.Redis.from_url(valkey.url).get("mark") == str(clone).encode()

    pids = [server.pid for pair in both for server in pair]
    data = [pair[0].home / "data" for pair in both]
    for server in (server for pair in both for server in pair):
        server.stop()
    assert [any(command_line(pid)) for pid in pids if pid] == [False] * 4
    assert [servers._living_in(folder) for folder in data] == [[], []]


def test_what_was_committed_survives_the_servers_being_killed(make: Make) -> None:
    postgres = make(Postgres, "postgres", durable=True)
    valkey = make(Valkey, "valkey", durable=True)
    start_on_free_port(postgres)
    start_on_free_port(valkey)
    idle = psycopg.connect(postgres.url)  # its backend outlives the postmaster a while
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    redis.Redis.from_url(valkey.url).set("kept", "42")
    time.sleep(1.2)  # Valkey writes its log to the disk once a second

    for server in (postgres, valkey):
        port, pid = server.port, server.pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        server.stop()
        server.start()
        server.wait_ready()
        assert server.port == port

    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    assert redis.Redis.from_url(valkey.url).get("kept") == b"42"
    idle.close()


def test_an_installation_that_was_cut_short_is_begun_again(make: Make) -> None:
    postgres = make(Postgres, "postgres")
    half_made = postgres.home / "data"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    start_on_free_port(postgres)
    with psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_older_data_get_the_role_that_owns_nothing(make: Make) -> None:
    postgres = make(Postgres, "postgres")
    assert isinstance(postgres, Postgres)
    start_on_free_port(postgres)
    superuser = postgres.url.replace("//areamedica:", "//postgres:")
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    with psycopg.connect(superuser) as connection:
        connection.execute(f"DROP ROLE {servers.APPLICATION}")
    postgres.stop()
    (postgres.home / "application").unlink()
    for _ in range(2):
        start_on_free_port(postgres)
        refused = pytest.raises(psycopg.errors.InsufficientPrivilege)
        with psycopg.connect(postgres.application_url) as connection, refused:
            connection.execute("SELECT * FROM kept")
        with psycopg.connect(postgres.url) as connection:
            row = connection.execute("SELECT answer FROM kept").fetchone()
        assert row == (42,)
        postgres.stop()


def test_a_stale_pid_file_does_not_keep_the_server_down(make: Make) -> None:
    postgres = make(Postgres, "postgres")
    start_on_free_port(postgres)
    postgres.stop()
    # The number has meanwhile been given to somebody else: us.
    (postgres.home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n")
    start_on_free_port(postgres)


def test_leftovers_may_end_by_themselves_meanwhile(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the children of a killed postmaster do."""
    monkeypatch.setattr(servers, "command_line", lambda _: [])
    assert servers._living_in(Path.cwd()) == []
    beyond_all_pids = 2**22 + 1
    seen = [[beyond_all_pids], []]
    monkeypatch.setattr(servers, "_living_in", lambda _: seen.pop(0))
    postgres = make(Postgres, "postgres")
    assert isinstance(postgres, Postgres)
    postgres._end_leftovers()
    assert seen == []


def test_a_port_taken_meanwhile_is_given_up_for_another(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as squatter:
        taken = squatter.getsockname()[1]
        ports = [taken, servers.free_port()]
        monkeypatch.setattr(servers, "free_port", lambda: ports.pop(0))
        valkey = make(Valkey, "valkey")
        start_on_free_port(valkey)
        assert valkey.port != taken


def test_strangers_need_the_password(make: Make) -> None:
    postgres, valkey = make(Postgres, "postgres"), make(Valkey, "valkey")
    start_on_free_port(postgres)
    start_on_free_port(valkey)
    assert isinstance(postgres, Postgres)
    others = postgres.application_url.replace("//areamedica_app:", "//areamedica:")
    for url in (
        postgres.url.replace(PASSWORD, "guessed"),
        postgres.url.replace("//areamedica:", "//postgres:").replace(PASSWORD, "x"),
        postgres.url.replace("//areamedica:", "//areamedica_app:"),
        others,
        others.replace("//areamedica:", "//postgres:"),
    ):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url)
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url(valkey.url.replace(PASSWORD, "guessed")).ping()
    listed = [" ".join(command_line(server.pid or 0)) for server in (postgres, valkey)]
    assert [PASSWORD in line for line in listed] == [False, False]


def test_a_process_that_fails_is_reported_with_its_last_words(
    tmp_path: Path,
) -> None:
    broken = Process(
        "web", ["sh", "-c", "echo no such room; exit 3"], log=tmp_path / "l"
    )
    broken.start()
    with pytest.raises(NotReady, match=r"(?s)exit code 3.*no such room"):
        broken.wait_ended()


def test_a_process_that_will_not_stop_is_ended_with_its_children(
    tmp_path: Path,
) -> None:
    script = "trap '' TERM; sleep 60 & echo $!; while :; do sleep 1; done"
    stubborn = Process("worker", ["sh", "-c", script], log=tmp_path / "log")
    stubborn.start()
    while not stubborn.tail().strip():
        time.sleep(0.02)
    child = int(stubborn.tail())
    stubborn.stop(patience=0.3)
    assert not stubborn.is_running()
    # It was killed; that it is gone may take a while.
    patience_ends = time.monotonic() + 30
    while any(command_line(child)):
        assert time.monotonic() < patience_ends
        time.sleep(0.02)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give way to nobody")
def test_a_folder_closed_to_nobody_is_found_again_elsewhere(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    options = {"password": PASSWORD, "durable": False, "log": tmp_path / "log"}
    first, second = (Postgres(closed / "postgres", **options) for _ in "12")
    try:
        start_on_free_port(first)
        assert closed not in first.home.parents
        assert second.home == first.home
        assert stat_mode(first.home / "data") == 0o700
        assert stat_mode(closed) == 0o700
    finally:
        first.stop()
        first.destroy()
    assert not first.home.exists()


def stat_mode(path: Path) -> int:
    return path.stat().st_mode & 0o777
