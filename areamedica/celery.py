"""The Celery application: `celery -A areamedica worker` and `... beat`."""

import os

from celery import Celery
from celery.signals import setup_logging, worker_ready
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


@setup_logging.connect
def keep_our_logs(**_: object) -> None:
    """Celery leaves logging alone where this is connected; settings configured it."""


@worker_ready.connect
def serve_figures(**_: object) -> None:
    """A worker has no web server for its bank calls to be scraped from."""
    if port := os.environ.get("METRICS_PORT"):
        start_http_server(int(port))
