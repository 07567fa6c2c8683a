"""What may befall the sealer: kills, an open transaction, a restore, a full disk."""

import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.transaction import atomic

from areamedica.devstack.servers import Postgres, start_on_free_port
from audit.figures import behind, health
from audit.models import Checkpoint, Leaf, Record
from audit.seal.sealing import XidsWentBack, seal
from audit.seal.verification import verify
from tests.audit.conftest import write
from tests.audit.sealed import seal_all

pytestmark = [pytest.mark.integration, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[2]


# --- Kills ---------------------------------------------------------------------------


def address() -> str:
    given = connection.settings_dict
    who = f"{given['USER']}:{given['PASSWORD']}"
    return f"postgres://{who}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


@contextmanager
def sealers() -> Iterator[Callable[[], int]]:
    """Each call makes a process that seals without a pause; its pid."""
    maker = subprocess.Popen(
        [sys.executable, "-m", "tests.audit.forker"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": address()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert maker.stdin is not None
    assert maker.stdout is not None

    def make() -> int:
        assert maker.stdin is not None
        assert maker.stdout is not None
        maker.stdin.write("\n")
        maker.stdin.flush()
        return int(maker.stdout.readline())

    try:
        yield make
    finally:
        maker.stdin.close()
        assert maker.wait(timeout=30) == 0


def keep_writing(is_over: threading.Event) -> None:
    dice = random.Random(1)
    while not is_over.is_set():
        with atomic():
            write(dice.randint(1, 9))
        time.sleep(0.01)
    connection.close()


def wait_for_a_checkpoint_beyond(number: int) -> None:
    end = time.monotonic() + 120
    while Checkpoint.objects.count() <= number and time.monotonic() < end:
        time.sleep(0.01)


@pytest.mark.parametrize("kills", [5, pytest.param(100, marks=pytest.mark.soak)])
def test_a_sealer_killed_at_any_moment_loses_and_repeats_nothing(kills: int) -> None:
    """Every checkpoint that ever was is still true at the end: no fork either."""
    dice, is_over, seen = random.Random(kills), threading.Event(), dict[int, str]()
    writers = [threading.Thread(target=keep_writing, args=[is_over]) for _ in range(2)]
    with sealers() as make:
        for writer in writers:
            writer.start()
        for _ in range(kills):
            pid = make()
            wait_for_a_checkpoint_beyond(len(seen))
            time.sleep(dice.random() / 5)
            os.kill(pid, signal.SIGKILL)
            seen |= dict(Checkpoint.objects.values_list("size", "note"))
    is_over.set()
    for writer in writers:
        writer.join()
    assert len(seen) >= kills
    seal_all()  # for a while the dead one's session may still hold the lock
    assert Leaf.objects.count() == Record.objects.count()
    assert verify(kept=list(seen.values())).findings == []


# --- A transaction that stays open ---------------------------------------------------


def test_a_transaction_left_open_is_told_and_then_made_good(
    superuser: Callable[[str], None],
) -> None:
    """Any that writes, whatever it writes, holds back what came after it."""
    is_open, may_end = threading.Event(), threading.Event()

    def forget() -> None:
        with atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
            is_open.set()
            may_end.wait(30)
        connection.close()

    forgetful = threading.Thread(target=forget)
    forgetful.start()
    is_open.wait(10)
    write(3)
    superuser("UPDATE audit_record SET at = at - interval '2 minutes'")
    assert (seal(), behind()[0], health()) == (0, 3, "not sealed")
    may_end.set()
    forgetful.join()
    assert (seal(), health()) == (3, "ok")


# --- A dump that was restored --------------------------------------------------------


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that PostgreSQL can get at when it runs as `nobody`."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o711)
        yield Path(name)


@contextmanager
def a_cluster(folder: Path) -> Iterator[Postgres]:
    server = Postgres(
        folder / "postgres",
        password=secrets.token_hex(8),
        log=folder / "log",
        durable=False,
    )
    try:
        start_on_free_port(server)
        yield server
    finally:
        server.stop()
        server.destroy()


@contextmanager
def moved_to(server: Postgres) -> Iterator[None]:
    """Everything of ours goes to another server for a while."""
    before = connection.settings_dict.copy()
    there = {"PORT": server.port, "PASSWORD": server.password, "NAME": "areamedica"}
    connection.close()
    connection.settings_dict.update(there, USER="areamedica", HOST="127.0.0.1")
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


def copied_into(server: Postgres) -> None:
    """What `pg_dump | psql` does on a night one hopes not to have."""
    dump = subprocess.run(
        [server._program("pg_dump"), "--no-owner", address()],
        capture_output=True,
        check=True,
    )
    subprocess.run(
        [server._program("psql"), "-q", "-v", "ON_ERROR_STOP=1", server.url],
        input=dump.stdout,
        capture_output=True,
        check=True,
    )


@pytest.fixture
def older_by_many_transactions() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "DO $$ BEGIN FOR n IN 1..5000 LOOP PERFORM pg_current_xact_id(); COMMIT;"
            " END LOOP; END $$"
        )


def test_a_restored_dump_is_not_sealed_until_somebody_says_so(
    older_by_many_transactions: None, sealed: list[int], place: Path
) -> None:
    write(7)  # committed, and not yet sealed when the dump was made
    with a_cluster(place) as server:
        copied_into(server)
        with moved_to(server):
            assert verify().findings == []
            write(2)
            with pytest.raises(XidsWentBack):
                seal()
            call_command("raise_epoch", reason=" disk of 12 March ")
            write(4)
            # Those that were written before anybody looked are sealed as well.
            assert seal() == 7 + 2 + 1 + 4
            assert verify().findings == []
            noted = Record.objects.get(action="audit.epoch_raised")
            assert (noted.epoch, noted.actor_id) == (1, None)
            assert noted.facts == (
                '{"epoch":1,"reason":"disk of 12 March","sealed":600,"taken_along":2}'
            )
            assert Checkpoint.objects.latest("size").epoch == 1
            call_command("raise_epoch", reason="and again")
            assert Record.objects.latest("id").epoch == 2
            assert (seal(), verify().findings) == (1, [])


def test_an_epoch_is_not_raised_for_nothing(db: None) -> None:
    with pytest.raises(CommandError, match="reason"):
        call_command("raise_epoch", reason=" ")
    assert not Record.objects.exists()


def test_only_the_owner_raises_the_epoch(place: Path) -> None:
    with a_cluster(place) as server:
        copied_into(server)
        as_superuser = server.url.replace("areamedica:", "postgres:", 1)
        subprocess.run(
            [server._program("psql"), "-q", "-v", "ON_ERROR_STOP=1", as_superuser],
            input=b"ALTER TABLE audit_record OWNER TO postgres;"
            b"GRANT SELECT, INSERT ON audit_record TO areamedica;",
            capture_output=True,
            check=True,
        )
        with moved_to(server), pytest.raises(CommandError, match="Only the owner"):
            call_command("raise_epoch", reason="because")


# --- A disk that is full -------------------------------------------------------------


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    """Two hundred megabytes of memory; only root of a machine of his own may mount."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=200m,mode=711", "tmpfs", str(place)]
    try:
        done = subprocess.run(mount, capture_output=True, check=False).returncode
    except FileNotFoundError:
        done = 1
    if done:
        pytest.skip("no file system may be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.mark.soak
def test_a_full_disk_loses_nothing(sealed: list[int], small_disk: Path) -> None:
    """Writers and sealer are refused; once there is room, all goes on from there."""
    with a_cluster(small_disk) as server:
        copied_into(server)
        ballast = small_disk / "ballast"
        with moved_to(server):
            call_command("raise_epoch", reason="a copy")
            seal()
            with pytest.raises(OSError, match="No space"):
                fill(ballast)
            os.truncate(ballast, ballast.stat().st_size - ROOM)
            with pytest.raises(DatabaseError):
                write_until_refused()
            connection.close()
            ballast.unlink()
            _until_it_answers()
            write(5)
            while seal():
                pass
            assert Leaf.objects.count() == Record.objects.count() > 607
            assert verify().findings == []


ROOM = 24 << 20  # bytes: a segment of the log and some records


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 20)):
            pass


def write_until_refused() -> None:
    for _ in range(10_000):
        with atomic():
            write(500)
        seal()


def _until_it_answers() -> None:
    for _ in range(100):
        try:
            Record.objects.count()
        except DatabaseError:
            connection.close()
            time.sleep(0.2)
        else:
            return
