"""Whoever posts, or the database itself, is killed midway; the client repeats."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from areamedica.devstack.processes import nap
from areamedica.devstack.servers import DATABASE, Postgres, start_on_free_port
from ledger.chart import account_id
from ledger.models import Transfer
from ledger.services.proof import findings
from tests.ledger import poster
from tests.ledger.books import FEES, TRANSIT, amount_of

pytestmark = [
    pytest.mark.integration,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("books_alone"),
]

PROJECT = Path(__file__).parents[2]
ALL = poster.BATCHES * poster.EACH


def _started(*command: str, url: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "areamedica.settings.test",
        "DATABASE_URL": url,
    }
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", *command],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        env=environment,
    )


def _until(process: subprocess.Popen[str], batches: int) -> int:
    """Wait for so many; gives the server's process that posts them."""
    assert process.stdout is not None
    for _ in range(batches):
        assert (line := process.stdout.readline()), "the poster ended early"
    return int(line)


def _of_the_tests() -> str:
    where = connection.settings_dict
    address = f"{where['HOST']}:{where['PORT']}/{where['NAME']}"
    return f"postgres://{where['USER']}:{where['PASSWORD']}@{address}"


@contextmanager
def _key_taken(url: str, batch: int) -> Iterator[int]:
    """Somebody is about to book the last key of the poster's batch; gives his process.

    His accounts are none of the poster's. So the batch does not wait before it begins,
    but in its midst: its other transfers are written, its balances are not.
    """
    with closing(psycopg.connect(url)) as other:
        other.execute(
            "SELECT ledger_book_one("
            "%s, %s, %s, 1, 'USD', 'test', '2026-11-20', 'test', '1', '{}')",
            [max(poster.keys(batch)), account_id("1110-USD"), account_id("4100-USD")],
        )
        yield other.info.backend_pid


_HELD_UP_BY = """
SELECT pid FROM pg_stat_activity JOIN pg_locks USING (pid)
 WHERE pg_blocking_pids(pid) = ARRAY[%(pid)s::int] AND query LIKE '%%ledger_book_all%%'
   AND relation = 'ledger_transfer'::regclass AND mode = 'RowExclusiveLock' AND granted
"""
_GONE = """
SELECT 0 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %(pid)s)
"""


def _until_seen(url: str, sight: LiteralString, pid: int) -> int:
    """Ask the server until it shows this of one of its processes."""
    with psycopg.connect(url, autocommit=True) as line:
        for _ in range(600):
            if found := line.execute(sight, {"pid": pid}).fetchone():
                return int(found[0])
            nap()
    raise AssertionError(f"not seen: {sight}")


@pytest.mark.parametrize(
    ("is_cut", "batches"), [(False, 4), (True, 3)], ids=["it ends", "it is cut"]
)
def test_a_poster_killed_within_a_statement_leaves_all_of_it_or_nothing(
    is_cut: bool, batches: int
) -> None:
    """The server does not see that its client is dead before the statement ends."""
    url = _of_the_tests()
    with _key_taken(url, 3) as other:
        process = _started("-m", "tests.ledger.poster", url=url)
        _until(process, 3)
        statement = _until_seen(url, _HELD_UP_BY, other)
        process.kill()
        process.wait()
        assert Transfer.objects.count() == 3 * poster.EACH
        if is_cut:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 30000)", [statement])
                assert cursor.fetchone() == (True,)
    _until_seen(url, _GONE, statement)
    booked = batches * poster.EACH
    assert Transfer.objects.count() == amount_of(TRANSIT) == booked
    assert findings() == []
    assert poster.run() == {"already_posted": booked, "posted": ALL - booked}
    assert Transfer.objects.count() == ALL
    assert (amount_of(TRANSIT), amount_of(FEES)) == (ALL, ALL)
    assert findings() == []


@pytest.mark.parametrize(
    "cut", [3, *(pytest.param(cut, marks=pytest.mark.soak) for cut in range(1, 29, 3))]
)
def test_a_killed_poster_leaves_whole_batches_and_the_rest_is_repeated(
    cut: int,
) -> None:
    url = _of_the_tests()
    process = _started("-m", "tests.ledger.poster", url=url)
    backend = _until(process, cut)
    process.kill()
    process.wait()
    # It may be in the midst of the next batch, and book it.
    _until_seen(url, _GONE, backend)
    booked = Transfer.objects.count()
    assert booked % poster.EACH == 0
    assert cut * poster.EACH <= booked <= ALL
    assert findings() == []
    told = poster.run()
    assert told["posted"] + booked >= ALL
    assert sum(told.values()) == Transfer.objects.count() == ALL
    assert (amount_of(TRANSIT), amount_of(FEES)) == (ALL, ALL)
    assert findings() == []


@pytest.fixture
def postgres(transactional_db: None) -> Iterator[Postgres]:
    """A server of the test's own, as durable as the clinic's, and we are on it."""
    folder = Path(tempfile.mkdtemp(prefix=f"areamedica-test-{os.getpid()}-"))
    folder.chmod(0o711)
    log = folder / "postgres.log"
    server = Postgres(folder / "postgres", password="p" * 16, log=log, durable=True)
    start_on_free_port(server)
    try:
        with _moved_to(server):
            call_command("migrate", verbosity=0)
            yield server
    finally:
        server.stop()
        server.destroy()
        shutil.rmtree(folder)


@contextmanager
def _moved_to(server: Postgres) -> Iterator[None]:
    where = connection.settings_dict
    given = dict(where)
    connection.close()
    where.update(HOST="127.0.0.1", PORT=server.port, NAME=DATABASE)
    where.update(USER=DATABASE, PASSWORD=server.password)
    try:
        yield
    finally:
        connection.close()
        where.update(given)


def _kill(postgres: Postgres, *processes: int) -> None:
    """The server, after some of its processes."""
    connection.close()
    assert postgres.pid is not None
    for each in (*processes, postgres.pid):
        os.kill(each, signal.SIGKILL)


def _start_again(postgres: Postgres) -> None:
    postgres.stop()
    postgres.start()
    postgres.wait_ready(60)


def test_a_database_killed_within_a_statement_has_what_it_said_and_no_more(
    postgres: Postgres,
) -> None:
    with _key_taken(postgres.url, 3) as other:
        process = _started("-m", "tests.ledger.poster", url=postgres.url)
        _until(process, 3)
        statement = _until_seen(postgres.url, _HELD_UP_BY, other)
        _kill(postgres, statement)
        assert process.wait() != 0
    _start_again(postgres)
    booked = 3 * poster.EACH
    assert Transfer.objects.count() == amount_of(TRANSIT) == booked
    assert findings() == []
    assert poster.run() == {"already_posted": booked, "posted": ALL - booked}
    assert Transfer.objects.count() == amount_of(FEES) == ALL
    assert findings() == []


@pytest.mark.soak
@pytest.mark.parametrize("cut", range(1, 25, 8))
def test_a_database_killed_at_any_moment_has_what_it_said_and_no_half_batch(
    postgres: Postgres, cut: int
) -> None:
    process = _started("-m", "tests.ledger.poster", url=postgres.url)
    _until(process, cut)
    _kill(postgres)
    assert process.wait() != 0
    _start_again(postgres)
    booked = Transfer.objects.count()
    assert booked % poster.EACH == 0
    assert booked >= cut * poster.EACH
    assert findings() == []
    assert poster.run() == {"already_posted": booked, "posted": ALL - booked}
    assert Transfer.objects.count() == amount_of(FEES) == ALL
    assert findings() == []
