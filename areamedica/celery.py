"""The Celery application: `celery -A areamedica worker` and `... beat`."""

import os
import sys

from celery import Celery
from celery.signals import setup_logging, task_postrun, task_prerun, worker_ready
from django.db import close_old_connections
from django_structlog.celery.steps import DjangoStructLogInitStep
from kombu.transport.redis import Channel
from prometheus_client import start_http_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "areamedica.settings.local")

app = Celery("areamedica")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
app.autodiscover_tasks()

# When Redis goes, kombu would write what a worker took and has not begun into a file in
# /tmp. The sweep rings for it again; there is no setting for this.
Channel.do_restore = False

# Celery closes the database after each task, and a new connection costs as much as a
# verdict. Django's own rule keeps it for CONN_MAX_AGE and first looks whether it lives.
app.conf.CELERY_DB_REUSE_MAX = sys.maxsize
task_prerun.connect(close_old_connections)
task_postrun.connect(close_old_connections)


@setup_logging.connect
def keep_our_logs(**_: object) -> None:
    """Celery leaves logging alone where this is connected; settings configured it."""


@worker_ready.connect
def serve_figures(**_: object) -> None:
    """A worker has no web server for its bank calls to be scraped from."""
    if port := os.environ.get("METRICS_PORT"):
        start_http_server(int(port))
