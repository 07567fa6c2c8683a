"""`manage.py ledger_verify`: prove the books, or say what is wrong and fail."""

import sys
from argparse import ArgumentParser
from dataclasses import asdict
from json import dumps

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from ledger.errors import ProofUnderWay
from ledger.services.proof import prove


class Command(BaseCommand):
    help = (
        "Proves the books, or names each thing that is wrong. "
        "Exit code 0: all is well; 1: something is wrong; 2: it could not look."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--procs", type=int, default=1, help="processes")
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *, procs: int, json: bool, **_: object) -> None:
        try:
            proof, found = prove(max(1, procs))
        except (DatabaseError, ProofUnderWay) as problem:
            said = f"The books were not proved: {problem}"
            raise CommandError(said, returncode=2) from problem
        if json:
            whole = {
                "transfers": proof.transfers,
                "problems": [asdict(each) for each in found],
            }
            self.stdout.write(dumps(whole))
        else:
            for each in found:
                self.stdout.write(f"{each.kind}: {each.subject} {each.detail}".rstrip())
            self.stdout.write(f"{proof.transfers} transfers, {len(found)} problems.")
        if found:
            sys.exit(1)
