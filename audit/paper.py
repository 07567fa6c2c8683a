"""A story as a PDF that a clinic's manager reads: sentences, and what they rest on."""

from collections.abc import Iterable
from io import BytesIO
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import gettext as _
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate

# Comes with reportlab and is embedded: the names of people have accents.
_FONT = "Vera"
registerFont(TTFont(_FONT, "Vera.ttf"))
_TEXT = ParagraphStyle("text", fontName=_FONT, fontSize=10, leading=15, spaceAfter=6)
_TITLE = ParagraphStyle("title", _TEXT, fontSize=16, leading=22, spaceAfter=10)
_SMALL = ParagraphStyle("small", _TEXT, fontSize=8, leading=12, textColor="#555555")


def pdf(*, title: str, sentences: Iterable[str], rests_on: Iterable[str]) -> bytes:
    """Write the story on A4 pages, in the language that is active.

    `rests_on` says under which checkpoint, and who signed it.
    """
    page = BytesIO()
    parts = [
        Paragraph(escape(settings.APP_NAME), _SMALL),
        Paragraph(escape(title), _TITLE),
        Paragraph(escape(_no_evidence()), _SMALL),
        *(Paragraph(escape(each), _TEXT) for each in sentences),
        *(Paragraph(escape(each), _SMALL) for each in rests_on),
    ]
    paper = SimpleDocTemplate(
        page, pagesize=A4, title=title, author=settings.APP_NAME, margin=20 * mm
    )
    paper.build(parts, onFirstPage=_numbered, onLaterPages=_numbered)
    return page.getvalue()


def _no_evidence() -> str:
    return _(
        "To be read; no evidence itself. Evidence are the records and proofs in the"
        " same bundle, which verify.py checks."
    )


def _numbered(canvas: Canvas, paper: SimpleDocTemplate) -> None:
    canvas.setFont(_FONT, 8)
    canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, str(paper.page))
