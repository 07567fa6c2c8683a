"""Structured logs: one JSON line per decision, ids only, never a person's data."""

import logging.config
import re
from typing import cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# What must never be printed, whatever a library puts into its message: e-mails, runs of
# six or more digits (phones, documents, references, accounts) and bearer tokens.
_SECRET_KEYS = re.compile(
    r"password|secret|token|authorization|cookie|phone|document|national_id|reference"
    r"|full_name|email|api_key",
    re.IGNORECASE,
)
_PERSONAL = re.compile(
    # PostgreSQL repeats the refused row, names included, in an error's DETAIL.
    r"DETAIL: .*"
    r"|[\w.+-]+@[\w-]+\.[\w.]+"
    r"|\beyJ[\w-]+\.[\w-]+\.[\w-]+"
    r"|(?<![\w-])[VEJGPCvejgpc]?-?\d{6,}(?![\w-])"
)
# Ours to print in full: they name rows and requests, not people.
_IDS = frozenset({"timestamp", "request_id", "task_id", "subject", "level"})


def _mask_value(value: object) -> object:
    if isinstance(value, str):
        return _PERSONAL.sub("***", value)
    if isinstance(value, dict):
        return {key: _mask_entry(str(key), entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value(entry) for entry in value]
    return value


def _mask_entry(key: str, value: object) -> object:
    if key in _IDS:
        return value
    if _SECRET_KEYS.search(key) and value is not None:
        return "***"
    return _mask_value(value)


def mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace whatever looks personal or secret in a log event."""
    return cast(EventDict, {key: _mask_entry(key, event[key]) for key in event})


_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]


def configure(level: str) -> None:
    """Send every log of the process to stdout as JSON lines."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [
                        *_SHARED,
                        structlog.stdlib.ExtraAdder(allow=()),
                    ],
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        mask,
                        structlog.processors.JSONRenderer(ensure_ascii=False),
                    ],
                }
            },
            "handlers": {
                "stdout": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                }
            },
            "root": {"handlers": ["stdout"], "level": level},
            "loggers": {
                "django.request": {"level": "CRITICAL"},  # our middleware says it
                "django.security": {"level": "WARNING"},
                "urllib3": {"level": "WARNING"},
                "axes": {"level": "WARNING"},
                "django_structlog.celery": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
