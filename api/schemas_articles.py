"""What the article routes take and give."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from api.fields import Instant, Name, Text
from api.schemas import Input, Output

Short = Annotated[str, StringConstraints(max_length=1000)]

EXAMPLE = {
    "external_id": "afp-20161208-aleppo",
    "title": "Syria army pounds Aleppo rebels as US, Russia to meet",
    "text": "US officials will meet tomorrow with their Russian counterparts in Geneva.",
    "source": "AFP",
    "lang": "en",
    "published_at": "2016-12-08T14:30:00Z",
}


class ArticleIn(Input):
    """An article to be stored; sending it again, unchanged, changes nothing."""

    text: Text = Field(
        description="Kept exactly as it is; all offsets point into it.", examples=[EXAMPLE["text"]]
    )
    title: Short | None = Field(
        None,
        description="Without one it is the first line, where the text shows that to be a headline.",
        examples=[EXAMPLE["title"]],
    )
    url: Annotated[str, StringConstraints(max_length=4000)] | None = Field(
        None, description="http or https.", examples=["https://example.org/aleppo"]
    )
    source: Short | None = Field(None, description="Who published it.", examples=["AFP"])
    lang: Short | None = Field(None, description="As in BCP 47.", examples=["en"])
    published_at: Instant | None = Field(
        None,
        description="RFC 3339: a date, or a time with its offset.",
        examples=[EXAMPLE["published_at"]],
    )
    external_id: Short | None = Field(
        None, description="Your own id; `ext:` and it stand for the article's id in every route."
    )


class ListQuery(Input):
    """The parameters of GET /v1/articles."""

    limit: int = Field(50, ge=1, le=1000, description="The most articles to give.")
    cursor: Name | None = Field(None, description="`next_cursor` of the page before.")


class WriteOut(Output):
    """What became of an article that was sent; it is on the disk when this is given."""

    id: str = Field(examples=["art_2b8e0f6c1d9a47f3b5e1"])
    external_id: str | None
    result: Literal["created", "updated", "unchanged", "duplicate"]
    passages: int
    story_id: str = Field(examples=["sty_9f2c4a7be0d35816"])
    warnings: list[str]


class WritesOut(Output):
    """The results for an array, in its order."""

    data: list[WriteOut]


class LineOut(WriteOut):
    """The result for one line of an import."""

    line: int = Field(description="From 1, blank lines counted.", examples=[1])


class ArticleListed(Output):
    """An article without its text."""

    id: str = Field(examples=["art_2b8e0f6c1d9a47f3b5e1"])
    external_id: str | None
    title: str
    url: str | None
    source: str | None
    lang: str | None
    published_at: datetime | None
    added_at: datetime
    characters: int
    sha256: str = Field(description="Of the stored text, in UTF-8.")
    passages: int
    story_id: str = Field(examples=["sty_9f2c4a7be0d35816"])


class ArticleOut(ArticleListed):
    """An article with its text."""

    text: str


class ArticleList(Output):
    """A page of articles, in the order of their ids."""

    data: list[ArticleListed]
    total: int
    next_cursor: str | None
