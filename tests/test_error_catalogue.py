"""The catalogue: codes unique, the page equal to the code, both languages complete."""

from pathlib import Path

from django.utils import translation

from areamedica.catalogue import as_page, refusals

PAGE = Path(__file__).resolve().parents[1] / "docs" / "errors.md"


def test_every_code_is_used_once() -> None:
    codes = [refusal.code for refusal in refusals()]
    assert len(codes) == len(set(codes))
    assert len(codes) > 30


def test_the_page_says_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_page(), "run manage.py write_errors"


def test_every_sentence_exists_in_spanish() -> None:
    with translation.override("es"):
        spanish = {refusal.code: str(refusal.sentence) for refusal in refusals()}
    with translation.override("en"):
        english = {refusal.code: str(refusal.sentence) for refusal in refusals()}
    same = [code for code in spanish if spanish[code] == english[code]]
    assert same == []
