"""What Slack shows: Block Kit, with nothing in it that Slack finds by itself."""

import html
from collections.abc import Sequence

from api.chat.markup import Markup, replaced
from api.chat.reply import further, paragraphs
from api.schemas import AskResponse

MORE = "more_passages"
FURTHER = 5


def escape(text: str) -> str:
    """`&`, `<` and `>` are all that Slack knows to escape."""
    return html.escape(replaced(text), quote=False)


MARKUP = Markup(
    escape=escape, bold="*{}*", link="<{url}|{label}>", quote="> {}", most=3000, entities=True
)


def answered(answer: AskResponse) -> dict[str, object]:
    """The answer, and a button for the next passages."""
    question = answer.query.rewritten or answer.query.text
    return _message(paragraphs(answer, MARKUP), [_button(question)] if answer.passages else [])


def more(answer: AskResponse) -> dict[str, object]:
    """The passages after those."""
    return _message(further(answer, MARKUP))


def said(text: str) -> dict[str, object]:
    """A sentence of our own."""
    return _message([MARKUP.safe(text)])


def _message(lines: Sequence[str], actions: Sequence[dict[str, object]] = ()) -> dict[str, object]:
    """`text` is what a notification shows in place of the blocks."""
    return {
        "text": MARKUP.joint.join(lines),
        "blocks": [*map(_section, lines), *actions],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _section(text: str) -> dict[str, object]:
    # Verbatim: Slack makes no names or addresses in it into mentions or links.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _button(question: str) -> dict[str, object]:
    label = {"type": "plain_text", "text": "More passages"}
    button = {"type": "button", "text": label, "action_id": MORE, "value": question}
    return {"type": "actions", "elements": [button]}
