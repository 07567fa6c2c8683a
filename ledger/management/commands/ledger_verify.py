"""`manage.py ledger_verify`: prove the books, or say what is wrong and fail."""

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict

from django.core.management.base import BaseCommand

from ledger.services.proof import prove


class Command(BaseCommand):
    help = "Prove the books; ends with 1 and names each thing that is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: object, **options: object) -> None:
        proof, found = prove()
        if options["json"]:
            whole = {
                "transfers": proof.transfers,
                "problems": [asdict(each) for each in found],
            }
            self.stdout.write(json.dumps(whole))
        else:
            for each in found:
                self.stdout.write(f"{each.kind}: {each.subject} {each.detail}".rstrip())
            self.stdout.write(f"{proof.transfers} transfers, {len(found)} problems.")
        if found:
            sys.exit(1)
