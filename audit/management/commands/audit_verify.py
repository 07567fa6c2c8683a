from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit import keys
from audit.verification import verify


class Command(BaseCommand):
    help = "Recomputes the sealed journal; names what does not agree; exit code 1 then."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=int, default=0, help="from this leaf on")
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            metavar="FILE",
            help="a checkpoint kept elsewhere; may be given again",
        )

    def handle(
        self, *, since: int, json: bool, checkpoint: list[str], **_: Any
    ) -> None:
        kept = [Path(name).read_text(encoding="utf-8") for name in checkpoint]
        report = verify(since=since, kept=kept)
        if json:
            self.stdout.write(report.as_json())
        else:
            self.stdout.write(f"Leaves {report.since} to {report.size} were looked at.")
            self.stdout.write(f"Key: {keys.signer().verifier}")
            told = [str(finding) for finding in report.findings]
            self.stdout.write("\n".join(told or ["Everything agrees."]))
        if report.findings:
            raise SystemExit(1)
