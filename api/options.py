"""The options of the command line; each has a variable of its own, and the option goes first."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from api.schemas import AskQuery, SearchQuery
from api.settings import Settings

DATA: Path = Settings.model_fields["data"].default
HOST: str = Settings.model_fields["host"].default
PORT: int = Settings.model_fields["port"].default
ASK_LIMIT: int = AskQuery.model_fields["limit"].default
SEARCH_LIMIT: int = SearchQuery.model_fields["limit"].default


def _option(name: str, about: str) -> Any:
    variable = "QA_" + name.removeprefix("--").replace("-", "_").upper()
    return typer.Option(name, envvar=variable, help=about)


Data = Annotated[Path, _option("--data", "The folder where everything is kept.")]
Url = Annotated[
    str | None,
    _option("--url", "Talk to this running server instead; it gets the first key of QA_API_KEYS."),
]
Json = Annotated[bool, _option("--json", "Print one JSON object, as HTTP would give it.")]

Question = Annotated[str, typer.Argument(metavar="QUESTION", help="In plain language, in quotes.")]
AskLimit = Annotated[int, _option("--limit", "The most answers and passages to give.")]
SearchLimit = Annotated[int, _option("--limit", "The most passages to give.")]
From = Annotated[
    str | None,
    _option("--from", "Only what was published on this date (or at this time) or later."),
]
To = Annotated[
    str | None,
    _option("--to", "Only what was published on this date (or at this time) or earlier."),
]
Source = Annotated[str | None, _option("--source", "Only articles from this source.")]
Lang = Annotated[str | None, _option("--lang", "Only articles in this language.")]
Collapse = Annotated[
    Literal["none", "story"],
    _option(
        "--collapse",
        "With story, only the best hit of articles that tell the same.",
    ),
]
MinConfidence = Annotated[
    float | None,
    _option("--min-confidence", "Only answers that are right with this probability, 0 to 1."),
]
Conversation = Annotated[
    str | None,
    _option(
        "--conversation",
        "A name for this talk: a server (--url) completes a question like “and where?” from it.",
    ),
]
Explain = Annotated[bool, _option("--explain", "Show the parts of every score.")]
Rerank = Annotated[
    bool, _option("--rerank", "Let the reader put the first passages in order; slower.")
]
FailOnAbstain = Annotated[
    bool, _option("--fail-on-abstain", "Exit with status 10 when there is no answer.")
]

Key = Annotated[
    str,
    typer.Argument(metavar="ID", help="An article (art_… or ext:YOUR-ID) or a passage (psg_…)."),
]
Keys = Annotated[
    list[str], typer.Argument(metavar="ID...", help="The articles: art_… or ext:YOUR-ID.")
]
Text = Annotated[
    bool, _option("--text", "Print the text exactly as it is stored, and nothing else.")
]
PageLimit = Annotated[
    int,
    typer.Option("--limit", envvar="QA_LIMIT", min=1, max=1000, help="The most articles to list."),
]
Cursor = Annotated[str | None, _option("--cursor", "Go on after this article.")]
Every = Annotated[bool, _option("--all", "List every article, however many there are.")]
Yes = Annotated[bool, _option("--yes", "Do not ask before removing.")]

Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        help="Files (.txt, .md, .jsonl) and folders of them; - reads JSON Lines from stdin.",
    ),
]
IfEmpty = Annotated[bool, _option("--if-empty", "Do nothing when any article is there already.")]
Host = Annotated[str, _option("--host", "The address to listen on.")]
Port = Annotated[int, _option("--port", "The port to listen on.")]

Datasets = Annotated[
    list[str],
    typer.Argument(
        metavar="DATASET...",
        help="Folders in BEIR's layout (PATH, PATH:SPLIT, PATH:SPLIT:GRADE), files in SQuAD's.",
    ),
]
Split = Annotated[
    str | None, _option("--split", "Read queries_SPLIT and qrels_SPLIT, where a set has several.")
]
MinRelevance = Annotated[
    int, _option("--min-relevance", "The least grade of a judgement that counts as relevant.")
]
Closed = Annotated[bool, _option("--closed", "Give the right paragraph with each question.")]
Removed = Annotated[
    float,
    _option("--removed", "The share of the answerable questions whose article is taken away."),
]
Sweep = Annotated[
    Path | None,
    _option("--sweep", "Compare the settings in this file: [{'name': …, 'lexical': 0.3}, …]."),
]
PerQuery = Annotated[
    Path | None, _option("--per-query", "Write what was asked, found and expected to this file.")
]
Calibrate = Annotated[
    Path | None,
    _option("--calibrate", "Fit the confidence to these sets' answers, and write it to this file."),
]
Gate = Annotated[
    str | None, _option("--gate", "Exit with status 11 below METRIC=NUMBER[,METRIC=NUMBER…].")
]
Questions = Annotated[
    Path | None,
    _option("--questions", "A file of questions, one a line or JSON Lines with `question`."),
]
Count = Annotated[
    int,
    typer.Option("--count", envvar="QA_COUNT", min=2, max=100_000, help="The most questions."),
]
BenchGate = Annotated[
    str | None,
    _option(
        "--gate",
        "Exit with status 11 above METRIC=NUMBER[,METRIC=NUMBER…], or below for per_second.",
    ),
]
Cache = Annotated[
    Path | None, _option("--cache", "Where vectors are kept; by default the user's cache folder.")
]
