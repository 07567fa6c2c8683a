from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from audit.seal import keys
from audit.seal.notes import BadNote, is_below
from audit.seal.verification import Report, verify
from audit.seal.witnesses import WitnessAway, named

_CANNOT_LOOK = (OSError, DatabaseError, ImproperlyConfigured, BadNote, WitnessAway)


class Command(BaseCommand):
    help = (
        "Recomputes the sealed journal and names what does not agree. "
        "Exit code 0: everything agrees; 1: something does not; 2: it could not look."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--since", type=int, default=0, help="from this leaf on")
        parser.add_argument("--procs", type=int, default=1, help="processes")
        parser.add_argument(
            "--hashes", action="store_true", help="hashes and signatures only"
        )
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--witnesses",
            action="store_true",
            help="ask the witnesses of the settings what they remember",
        )
        parser.add_argument(
            "--checkpoint",
            action="append",
            default=[],
            metavar="FILE",
            help="a checkpoint kept elsewhere; may be given again",
        )

    def handle(self, *, json: bool, **given: Any) -> None:
        try:
            report = _looked(**given)
        except _CANNOT_LOOK as problem:
            raise CommandError(str(problem), returncode=2) from problem
        if json:
            self.stdout.write(report.as_json())
        else:
            self.stdout.write(f"Leaves {report.since} to {report.size} were looked at.")
            self.stdout.write(f"Key: {keys.signer().verifier}")
            self._tell_of_the_second_key(given["checkpoint"])
            told = [str(finding) for finding in report.findings]
            self.stdout.write("\n".join(told or ["Everything agrees."]))
        if report.findings:
            raise SystemExit(1)

    def _tell_of_the_second_key(self, given: list[str]) -> None:
        """A line that is missing is no finding: not every checkpoint is an anchor."""
        if second := keys.anchor_signer():
            notes = [Path(name).read_text(encoding="utf-8") for name in given]
            signed = sum(is_below(note, second.verifier) for note in notes)
            self.stdout.write(
                f"Second key: {second.verifier.row}; signed {signed} of {len(notes)}"
                " given."
            )


def _looked(
    *,
    since: int,
    procs: int,
    hashes: bool,
    checkpoint: list[str],
    witnesses: bool,
    **_: Any,
) -> Report:
    kept = [Path(name).read_text(encoding="utf-8") for name in checkpoint]
    if witnesses:
        kept += [each.remembers(keys.signer().name) for each in named()]
    return verify(since=since, kept=kept, procs=max(1, procs), records=not hashes)
