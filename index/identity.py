"""What makes an article an article: a checked text, and an id that stays the same."""

import hashlib
from datetime import UTC, datetime
from urllib.parse import urlsplit, urlunsplit

from index.errors import InvalidInput
from index.types import Article

TRACKING = ("fbclid", "gclid", "mc_cid", "mc_eid")


def canonical_url(url: str) -> str:
    """The URL without fragment, tracking parameters, default port and trailing slash."""
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    default = {"http": 80, "https": 443}.get(parts.scheme)
    netloc = host if parts.port in (None, default) else f"{host}:{parts.port}"
    # The pieces stay as they are: `?1001` and `?1002` are two stories.
    query = "&".join(piece for piece in parts.query.split("&") if not _tracks(piece))
    path = parts.path.rstrip("/") or "/"
    return urlunsplit((parts.scheme.lower(), netloc, path, query, ""))


def article_id(external_id: str | None, url: str | None, text: str) -> str:
    """Derived from the caller's own id, else the canonical URL, else the text."""
    if external_id:
        key = f"external:{external_id}"
    elif url:
        key = f"url:{canonical_url(url)}"
    else:
        key = f"text:{text}"
    return "art_" + hashlib.sha256(key.encode()).hexdigest()[:20]


def new_article(
    *,
    text: str,
    title: str = "",
    url: str | None = None,
    source: str | None = None,
    lang: str | None = None,
    published_at: datetime | None = None,
    external_id: str | None = None,
) -> Article:
    """An article with its id, checked; raises InvalidInput with the pointer of the culprit."""
    strings = {"text": text, "title": title, "url": url, "source": source, "lang": lang}
    for name, value in {**strings, "external_id": external_id}.items():
        if value and (problem := _problem(value)):
            raise InvalidInput(f"{name} {problem}", pointer=f"/{name}")
    if not text.strip():
        raise InvalidInput("the text is empty", pointer="/text")
    if url:
        _check_url(url)
    return Article(
        id=article_id(external_id, url, text),
        text=text,
        title=" ".join(title.split()),
        url=url or None,
        source=source or None,
        lang=lang or None,
        published_at=_utc(published_at),
        external_id=external_id or None,
    )


def _tracks(parameter: str) -> bool:
    name = parameter.partition("=")[0]
    return name in TRACKING or name.startswith("utm_")


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
        fine = fine and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise InvalidInput("is not an http:// or https:// URL", pointer="/url")


def _problem(value: str) -> str:
    if "\x00" in value:
        return "holds a NUL character"
    try:
        value.encode()
    except UnicodeEncodeError as error:
        return f"holds a lone surrogate at {error.start}"
    return ""


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise InvalidInput("is outside the calendar in UTC", pointer="/published_at") from None
