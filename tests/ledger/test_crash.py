"""Whoever posts, or the database itself, is killed midway; the client repeats."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from areamedica.devstack.servers import Postgres, start_on_free_port
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


def _until(process: subprocess.Popen[str], batches: int) -> None:
    assert process.stdout is not None
    for _ in range(batches):
        assert process.stdout.readline(), "the poster ended early"


def _of_the_tests() -> str:
    where = connection.settings_dict
    address = f"{where['HOST']}:{where['PORT']}/{where['NAME']}"
    return f"postgres://{where['USER']}:{where['PASSWORD']}@{address}"


@pytest.mark.parametrize(
    "cut", [3, *(pytest.param(cut, marks=pytest.mark.soak) for cut in range(1, 29, 3))]
)
def test_a_killed_poster_leaves_whole_batches_and_the_rest_is_repeated(
    cut: int,
) -> None:
    process = _started("-m", "tests.ledger.poster", url=_of_the_tests())
    _until(process, cut)
    process.kill()
    process.wait()
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
def postgres() -> Iterator[Postgres]:
    """A database of the test's own, as durable as the clinic's."""
    folder = Path(tempfile.mkdtemp(prefix=f"areamedica-test-{os.getpid()}-"))
    folder.chmod(0o711)
    log = folder / "postgres.log"
    server = Postgres(folder / "postgres", password="p" * 16, log=log, durable=True)
    start_on_free_port(server)
    yield server
    server.stop()
    server.destroy()
    shutil.rmtree(folder)


@pytest.mark.soak
def test_a_killed_database_has_what_it_said_and_no_half_batch(
    postgres: Postgres,
) -> None:
    migrate = _started("manage.py", "migrate", "-v", "0", url=postgres.url)
    assert migrate.wait() == 0
    process = _started("-m", "tests.ledger.poster", url=postgres.url)
    _until(process, 5)
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    assert process.wait() != 0
    postgres.stop()
    postgres.start()
    postgres.wait_ready(60)
    count = "SELECT count(*) FROM ledger_transfer"
    with psycopg.connect(postgres.url, autocommit=True) as line:
        [booked] = line.execute(count).fetchone() or [0]
        assert booked % poster.EACH == 0
        assert booked >= 5 * poster.EACH
        again = _started("-m", "tests.ledger.poster", url=postgres.url)
        again.communicate()
        assert again.returncode == 0
        assert line.execute(count).fetchone() == (ALL,)
    proof = _started("manage.py", "ledger_verify", url=postgres.url)
    told, _ = proof.communicate()
    assert told == f"{ALL} transfers, 0 problems.\n"
