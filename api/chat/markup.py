"""How each chat tool writes bold, links and quotes, and what keeps foreign text from doing so."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from api.render import plain

BREAK = "\u200b"
"""Takes no space and belongs to no word: behind it, an @ is no mention and two slashes no link."""
LONGEST_URL = 600
URL_SAFE = ":/?&=#%+,;$!"

ACTIVE = re.compile(
    r"@|/(?=/)|&(?=#?\w+;)|<(?=[\w!@#/:])|\](?=\()"  # mentions, addresses, entities, tags, links
    r"|[#~](?=\w)|(?<![^\W_])[/$!](?=[A-Za-z])"  # channels and hashtags, commands, cashtags, rooms
    r"|(?<=\w)\.(?=[^\W\d_]{2})"  # names of hosts, which become links without http://
)
# For tools whose markup cannot be escaped: characters that look the same and do nothing.
LOOKALIKES = str.maketrans({"*": "∗", "`": "‵", "~": "∼", "|": "∣"})
EDGE = re.compile(r"(?<!\w)_|_(?!\w)")
MARKDOWN = re.compile(r"([\\`*_\[\]()#>|~])")


@dataclass(frozen=True, slots=True)
class Markup:
    """What one tool reads, as templates for text that is already safe."""

    escape: Callable[[str], str]
    bold: str = "**{}**"
    link: str = "[{label}]({url})"
    quote: str = "> {}"
    joint: str = "\n\n"
    most: int = 4000
    """The longest message, in UTF-16 units."""
    entities: bool = False
    """Whether & is written as &amp;, in addresses as well."""

    def safe(self, text: str) -> str:
        """One line of what can be seen, in which nothing is markup, mention or link."""
        return self.escape(quiet(plain(text)))

    def linked(self, label: str, url: str | None) -> str:
        """A link where the address is one of the web, else the label alone."""
        shown = self.safe(label.replace("[", "(").replace("]", ")"))
        target = address(url).replace("&", "&amp;" if self.entities else "&")
        if not target or len(target) > LONGEST_URL:
            return shown
        return self.link.format(label=shown, url=target)


def quiet(text: str) -> str:
    """With an invisible break in everything that a tool would make a mention or link of."""
    return ACTIVE.sub(lambda found: found[0] + BREAK, text)


def address(url: str | None) -> str:
    """An address of the web in characters that no markup uses; of anything else nothing."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return ""
    return quote(parts.geturl(), safe=URL_SAFE, errors="replace")


def size(text: str) -> int:
    """The length as the tools count it, in UTF-16 units: most emoji are two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def backslashed(text: str) -> str:
    """For Markdown that knows the backslash."""
    return MARKDOWN.sub(r"\\\1", text)


def replaced(text: str) -> str:
    """For Markdown that does not."""
    return EDGE.sub("＿", text.translate(LOOKALIKES))


def as_html(text: str) -> str:
    """For HTML."""
    return html.escape(text)
