"""From an answer to what Matrix shows: plain text, and the same in HTML."""

from api.chat.markup import Markup, as_html
from api.chat.reply import paragraphs
from api.schemas import AskResponse

TEXT = Markup(escape=str, bold="{}", link="{label}: {url}", quote="{}", most=10_000)
HTML = Markup(
    escape=as_html,
    bold="<strong>{}</strong>",
    link='<a href="{url}">{label}</a>',
    quote="{}",
    most=10_000,
    entities=True,
)

Written = tuple[str, str]
"""Text and HTML."""


def written(answer: AskResponse) -> Written:
    """What every chat shows of an answer, in both forms."""
    lines = paragraphs(answer, HTML)
    return TEXT.joint.join(paragraphs(answer, TEXT)), "".join(f"<p>{line}</p>" for line in lines)


def said(text: str) -> Written:
    """Words of our own."""
    return TEXT.safe(text), f"<p>{HTML.safe(text)}</p>"
