"""The page on which a person plays the bank: it talks to the controls only."""

from pathlib import Path

PAGE = Path(__file__).with_name("page.html").read_bytes()
"""Nothing is filled in here; the page's script writes text, never markup."""
