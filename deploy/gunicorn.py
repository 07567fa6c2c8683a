"""Gunicorn for the web processes: threads for the waits, two workers for the cores."""

import gc
import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

bind = "0.0.0.0:8000"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
# One import for all workers. Safe: connections are opened at the first request.
preload_app = True

# Above the slowest honest answer: one quick question to the bank, then some.
timeout = 60
graceful_timeout = 20
keepalive = 5
# Leaks, ours or others', do not live for ever; the jitter keeps workers apart.
max_requests = 20_000
max_requests_jitter = 2_000

BODY_SECONDS = 10
limit_request_line = 4_094
limit_request_fields = 60
limit_request_field_size = 8_190

# The application logs each request itself, as JSON and without personal data.
accesslog = None
errorlog = "-"
# No socket in somebody's home folder through which the server may be steered.
control_socket_disable = True
# The heartbeat file on a disk that is never slow.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


def _drop_figures_of_the_dead(folder: Path) -> None:
    """Figures lie in a file per process; a new server does not go on with old ones.

    Those of processes that live stay: the demo's worker shares the folder, and this
    file is read again when the server is told to reload.
    """
    for file in folder.glob("*.db"):
        number = file.stem.rpartition("_")[2]
        if number.isdigit() and not Path(f"/proc/{number}").exists():
            file.unlink(missing_ok=True)


# Set before anything imports prometheus_client, which looks only once: each worker
# keeps its figures in files, and whichever is scraped adds them all up.
if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="metrics-")
_figures = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
_figures.mkdir(parents=True, exist_ok=True)
_drop_figures_of_the_dead(_figures)


def when_ready(server: Any) -> None:
    """What every worker has in common is never garbage.

    To look through it for some took one request in a few thousand 90 ms, and copied
    what the workers share.
    """
    from django.conf import settings

    import_module(settings.ROOT_URLCONF)  # else each loads it at its first request
    gc.collect()
    gc.freeze()


def pre_request(worker: Any, request: Any) -> None:
    """A client that announces a body and does not send it must not keep a thread.

    The proxy in front never lets one through (deploy/nginx.conf); this is for a day
    without it. gunicorn itself waits for a body for ever.
    """
    request.unreader.sock.settimeout(BODY_SECONDS)


def child_exit(server: Any, worker: Any) -> None:
    """Gauges of a worker that is gone are counted no longer."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
