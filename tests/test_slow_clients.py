"""Clients that send half a request, met by gunicorn and by the proxy as deployed."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from areamedica.devstack.processes import free_port
from tests.e2e.demo import until

pytestmark = [pytest.mark.integration]

PROJECT = Path(__file__).resolve().parents[1]
MORE_THAN_THREADS = 24
HALF_A_BODY = (
    b"POST /api/v1/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 200\r\n\r\n"
    b'{"email": "'
)
HALF_A_HEAD = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/health/live", timeout=20).ok
    except requests.RequestException:
        return False


@contextmanager
def running(command: list[str], address: str) -> Iterator[str]:
    process = subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(address), f"{command[0]} answers", seconds=60)
        yield address
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def web() -> Iterator[str]:
    place = f"127.0.0.1:{free_port()}"
    asked = ["areamedica.wsgi", "-c", "deploy/gunicorn.py", "-b", place]
    command = [sys.executable, "-m", "gunicorn", *asked]
    with running(command, f"http://{place}") as address:
        yield address


@pytest.fixture
def proxy(web: str, tmp_path: Path) -> Iterator[str]:
    """The shipped file; only names and ports are this machine's."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.access(nginx, os.X_OK):
        pytest.skip("no nginx on this machine")
    port = free_port()
    shipped = (PROJECT / "deploy" / "nginx.conf").read_text()
    ours = (
        shipped.replace("web:8000", web.removeprefix("http://"))
        .replace("listen 8080", f"listen 127.0.0.1:{port}")
        .replace("/tmp/nginx", f"{tmp_path}/nginx")
    )
    conf = tmp_path / "nginx.conf"
    conf.write_text(ours)
    command = [nginx, "-e", "stderr", "-c", str(conf), "-g", "daemon off;"]
    with running(command, f"http://127.0.0.1:{port}") as address:
        yield address


@contextmanager
def half_sent(
    address: str, beginning: bytes, number: int
) -> Iterator[list[socket.socket]]:
    host, port = address.removeprefix("http://").split(":")
    with ExitStack() as open_lines:
        lines = [
            open_lines.enter_context(socket.create_connection((host, int(port))))
            for _ in range(number)
        ]
        for line in lines:
            line.settimeout(30)
            line.sendall(beginning)
        yield lines


def test_half_a_body_is_given_up_and_the_thread_is_free_again(web: str) -> None:
    with half_sent(web, HALF_A_BODY, MORE_THAN_THREADS) as lines:
        said = b""
        while b"REQUEST_TIMEOUT" not in said:
            said += lines[0].recv(4096) or pytest.fail(said.decode())
        assert said.startswith(b"HTTP/1.1 408 ")
        until(lambda: answers(web), "others are served", seconds=60)


@pytest.mark.parametrize("beginning", [HALF_A_BODY, HALF_A_HEAD])
def test_behind_the_proxy_nobody_notices_slow_clients(
    proxy: str, beginning: bytes
) -> None:
    with half_sent(proxy, beginning, 80) as lines:
        for _ in range(20):
            assert answers(proxy)
        for line in lines:
            line.setblocking(False)
            with pytest.raises(BlockingIOError):  # still waited for, and harmless
                line.recv(1)


def test_a_body_beyond_the_proxys_patience_has_the_one_body_too(proxy: str) -> None:
    answer = requests.post(
        f"{proxy}/api/v1/auth/login", data=b"x" * 1_100_000, timeout=20
    )
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "BODY_TOO_LARGE"


def test_the_proxy_shows_no_figures(proxy: str) -> None:
    assert requests.get(f"{proxy}/metrics", timeout=20).status_code == 404
