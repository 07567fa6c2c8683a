"""Everything one sandbox bank holds in memory."""

from dataclasses import dataclass, field

from banking.sandbox.book import Book
from banking.sandbox.faults import Faults
from banking.sandbox.journal import Journal
from banking.sandbox.options import Options
from banking.sandbox.pace import Pace
from banking.sandbox.tokens import Tokens


@dataclass
class Sandbox:
    """`options` is swapped whole when a setting changes; the rest locks itself."""

    options: Options
    book: Book
    tokens: Tokens = field(default_factory=Tokens)
    faults: Faults = field(default_factory=Faults)
    journal: Journal = field(default_factory=Journal)
    pace: Pace = field(default_factory=Pace)
