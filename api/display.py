"""What the command line shows to people, besides the answers that `api.render` writes."""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from api.render import ask_text, plain, search_text
from api.schemas import AskResponse, PassageOut, SearchResponse
from api.schemas_articles import ArticleListed, ArticleOut

if TYPE_CHECKING:
    from api.bench import Measured
    from api.doctor import Report
    from api.local import StoredPassage

NOTHING = "-"
BOLD, NORMAL = "\x1b[1m", "\x1b[0m"


def answer(found: AskResponse) -> str:
    """The text that HTTP would give, with the answer in bold, and the scores if asked for."""
    text, understood = ask_text(found), ""
    if found.query.rewritten:
        understood, gap, text = text.partition("\n\n")
        understood += gap
    return understood + (_emphasised(text) if found.answered else text) + _scores(found.passages)


def hits(found: SearchResponse) -> str:
    """The text that HTTP would give, and the scores if asked for."""
    return search_text(found) + _scores(found.passages)


def row(article: ArticleListed) -> str:
    """An article in one line of a list."""
    published, source = _date(article.published_at), plain(article.source or NOTHING)
    title = plain(article.title or article.external_id or article.url or NOTHING)
    return f"{article.id}  {published:10}  {article.passages:>5}  {source:16}  {title}\n"


def article(found: ArticleOut) -> str:
    """An article with what is known about it, then its text."""
    known_as = f" (ext:{plain(found.external_id)})" if found.external_id else ""
    return _document(
        found,
        f"{found.id}{known_as}, {found.characters:,} characters, {found.passages} passages",
        f"added {found.added_at:%Y-%m-%d %H:%M} UTC, SHA-256 {found.sha256}",
    )


def passage(found: "StoredPassage") -> str:
    """A passage with its article and its offsets there."""
    return _document(
        found, f"{found.id} of {found.article_id}, characters {found.start} to {found.end}"
    )


def report(found: "Report") -> str:
    """The doctor's report: one line a check, and a second one with the cure."""
    lines = []
    for check in found.checks:
        lines.append(f"{check.level:4}  {check.name:9}{plain(check.detail)}\n")
        if check.cure:
            lines.append(f"{'':15}{plain(check.cure)}\n")
    return "".join(lines)


def speed(found: "Measured") -> str:
    """How fast: a line a stage, then what else was measured, then what would help."""
    from api.bench import AT_ONCE, SHARES, STAGES, advice  # noqa: PLC0415 -- it imports numpy

    metrics = found.metrics
    lines = [
        f"{found.questions:,} questions, all different; {found.passages:,} passages of "
        f"{found.articles:,} articles",
        "",
        f"{'ms':<10}" + "".join(f"{f'p{share}':>9}" for share in SHARES),
        *(
            f"{stage:<10}" + "".join(f"{metrics[f'{stage}_p{share}']:>9.1f}" for share in SHARES)
            for stage in STAGES
        ),
        "",
        f"{metrics['per_second']:,.0f} a second, {AT_ONCE} at once",
    ]
    if "memory_mb" in metrics:
        lines.append(f"{metrics['memory_mb']:,.0f} MB of memory")
    told = advice(found) or ["nothing is slow or large: leave it as it is"]
    return "\n".join([*lines, "", *(f"- {one}" for one in told)])


def _document(found: "ArticleOut | StoredPassage", *place: str) -> str:
    about = (found.source, _date(found.published_at), found.url)
    byline = ", ".join(plain(value) for value in about if value and value != NOTHING)
    lines = (plain(line) for line in found.text.splitlines())
    return "\n".join([*filter(None, (plain(found.title), byline, *place)), "", *lines]) + "\n"


def _date(moment: datetime | None) -> str:
    return moment.date().isoformat() if moment else NOTHING


def _emphasised(text: str) -> str:
    """With its first block in bold, where that can be seen and nobody asked for none."""
    plain_wanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    if plain_wanted or not sys.stdout.isatty():
        return text
    first, gap, rest = text.partition("\n\n")
    return f"{BOLD}{first}{NORMAL}{gap}{rest}"


def _scores(passages: Sequence[PassageOut]) -> str:
    lines = [
        f"{passage.rank:>3}. {passage.id}  {passage.score:.3f} = {_sum(passage.explain)}\n"
        for passage in passages
        if passage.explain is not None
    ]
    return "\nScores:\n" + "".join(lines) if lines else ""


def _sum(parts: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in parts.items())
