"""What is printed can be read, whoever it is about."""

import io

from pypdf import PdfReader

from areamedica.paper import Grid, Heading, Small, pdf

NAMES = ["Muñoz Šimić", "Łuczak Müller", "Ağca Şahin"]


def test_a_name_is_printed_with_its_letters() -> None:
    title, heading, small = NAMES
    printed = pdf(
        title=title,
        parts=[Heading(heading), Small(small), *NAMES, Grid([NAMES], (1, 1, 1))],
        foot=title,
    )
    told = PdfReader(io.BytesIO(printed)).pages[0].extract_text()
    assert [told.count(each) for each in NAMES] == [4, 3, 3]
