"""Start the sandbox bank: `python -m banking.sandbox --port 8100`."""

import os
import signal
import sys

from banking.sandbox.book import Book, UnreadableState
from banking.sandbox.options import is_production, read_options
from banking.sandbox.sandbox import Sandbox
from banking.sandbox.server import open_bank

CANNOT_START = 2


def main() -> int:
    if is_production(os.environ):
        return _complain("The sandbox bank invents payments: never in production.")
    options = read_options(sys.argv[1:], os.environ)
    try:
        sandbox = Sandbox(options, Book(options.state))
        doors = open_bank(options, sandbox)
    except UnreadableState as error:
        return _complain(f"{error}.")
    except OSError as error:
        return _complain(f"Cannot listen on {options.host}:{options.port}: {error}.")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: doors.close())
    host, port = doors.address
    print(f"sandbox bank listening on http://{host}:{port}", flush=True)
    doors.run()
    return 0


def _complain(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main())
