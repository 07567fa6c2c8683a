"""The role matrix in the documents is the one in the code."""

from pathlib import Path

import pytest

from accounts.management.commands.write_roles import as_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"


@pytest.mark.django_db
def test_the_page_says_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_page(), "run manage.py write_roles"
