"""`manage.py compliance_report --first 2026-11-01 --last 2026-11-30 FILE`."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import translation

from audit.law import compliance, compliance_paper


class Command(BaseCommand):
    help = (
        "Writes what the sealed journal says about a period; 1 if something is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--first", type=date.fromisoformat, required=True)
        parser.add_argument("--last", type=date.fromisoformat, required=True)
        parser.add_argument("--format", choices=["pdf", "json"], default="pdf")
        parser.add_argument("--language", choices=["es", "en"], default="es")

    def handle(
        self,
        *,
        file: Path,
        first: date,
        last: date,
        format: str,  # noqa: A002 (the option's name)
        language: str,
        **_: Any,
    ) -> None:
        made = compliance.report(first=first, last=last)
        if format == "json":
            text = json.dumps(made.as_dict(), cls=DjangoJSONEncoder, indent=2)
            file.write_text(text, encoding="utf-8")
        else:
            with translation.override(language):
                file.write_bytes(compliance_paper.pdf(made))
        self.stdout.write(f"Written: {file}")
        if not made.is_clean:
            raise SystemExit(1)
