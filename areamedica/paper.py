"""Reports on A4: a title, and below it words and tables that break over pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from xml.sax.saxutils import escape

from django.conf import settings
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

# They come with reportlab and are embedded: what every reader has by itself knows
# fewer letters, and a name may have them.
FONT, BOLD = "Vera", "VeraBd"
for _each in (FONT, BOLD):
    registerFont(TTFont(_each, f"{_each}.ttf"))
_WORDS = ParagraphStyle("words", fontName=FONT, fontSize=9, leading=13, spaceAfter=4)
_SMALL = ParagraphStyle("small", _WORDS, fontSize=8, leading=11, textColor="#555555")
_CELL = ParagraphStyle("cell", _WORDS, fontSize=7.5, leading=10, splitLongWords=1)
_TITLE = ParagraphStyle("title", _WORDS, fontSize=16, leading=21, spaceAfter=8)
_HEADING = ParagraphStyle(
    "heading", _WORDS, fontName=BOLD, fontSize=11, leading=15, spaceBefore=8
)
_WIDTH = A4[0] - 36 * mm
_GRID = [
    ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b9c4c9")),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef3f5")),
]


@dataclass(frozen=True)
class Heading:
    words: str


@dataclass(frozen=True)
class Small:
    """What the words stand on, or how they are to be read."""

    words: str


@dataclass(frozen=True)
class Grid:
    """Rows of cells, the first one the head; `widths` are shares of the page."""

    rows: Sequence[Sequence[object]]
    widths: Sequence[int]


Part = Heading | Small | Grid | str


def pdf(*, title: str, parts: Sequence[Part], foot: str) -> bytes:
    """Draw the parts below the title; `foot` and the page's number on every page."""
    page = BytesIO()
    document = SimpleDocTemplate(
        page,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
        title=title,
        author=settings.APP_NAME,
    )

    def below(canvas: Canvas, _: object) -> None:
        canvas.setFont(FONT, 7)
        canvas.drawString(18 * mm, 10 * mm, foot[:150])
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(canvas.getPageNumber()))

    story = [Paragraph(escape(title), _TITLE), *map(_drawn, parts)]
    document.build(story, onFirstPage=below, onLaterPages=below)
    return page.getvalue()


def _drawn(part: Part) -> Flowable:
    match part:
        case Heading(words):
            return Paragraph(escape(words), _HEADING)
        case Small(words):
            return Paragraph(escape(words), _SMALL)
        case Grid(rows, widths):
            return _table(rows, widths) if rows else Spacer(0, 1)
        case str():
            return Paragraph(escape(part), _WORDS)


def _table(rows: Sequence[Sequence[object]], widths: Sequence[int]) -> Table:
    whole = sum(widths)
    cells = [[Paragraph(escape(str(cell)), _CELL) for cell in row] for row in rows]
    share = [_WIDTH * width / whole for width in widths]
    return Table(cells, colWidths=share, style=_GRID, repeatRows=1)
