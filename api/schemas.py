"""What `ask` and `search` take and give: the contract's JSON, as pydantic models."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.fields import Instant, Name, Question, Weight
from api.schemas_generated import Generated

CACHED = "Whether it was found before, in the same words, and nothing has been written since."
STRICT = ConfigDict(strict=True)
"""For bodies: JSON has numbers and booleans of its own, so that "3" and 1 do not stand for them."""


class Input(BaseModel):
    """What a client sends: unknown fields are refused, never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Output(BaseModel):
    """What a client gets."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class QuestionQuery(Input):
    """What can be said of any question."""

    q: Question = Field(
        description="The question, in plain language.", examples=["who is meeting in Geneva?"]
    )
    limit: int = Field(10, ge=1, le=100, description="The most passages to give.")
    from_: Instant | None = Field(
        None, alias="from", description="Published then or later.", examples=["2016-12-01"]
    )
    to: Instant | None = Field(
        None,
        description="Published then or earlier; a date includes that whole day.",
        examples=["2016-12-31"],
    )
    source: Name | None = Field(None, description="Only from this source.", examples=["AFP"])
    lang: Name | None = Field(None, description="Only in this language.", examples=["en"])
    collapse: Literal["none", "story"] = Field(
        "none", description="`story`: only the best passage of articles with the same text."
    )
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="Only what answers with at least this probability."
    )
    explain: bool = Field(default=False, description="Show the parts of every score.")


class SearchQuery(QuestionQuery):
    """The parameters of GET /v1/search."""

    rerank: bool = Field(
        default=False, description="Let the reader put the first passages in order; slower."
    )


class AskQuery(QuestionQuery):
    """The parameters of GET /v1/ask."""

    limit: int = Field(3, ge=1, le=100, description="The most answers and passages to give.")
    min_confidence: float | None = Field(
        None, ge=0, le=1, description="Answer from this probability on, in place of the default."
    )
    conversation: Name | None = Field(
        None,
        description="A name for this talk, of the caller's own: what was asked before under it "
        "completes a question such as `and where?`.",
        examples=["team-7/thread-12"],
    )
    follow_up: bool = Field(
        default=True, description="Whether a question may be completed from the conversation."
    )


class WeightsIn(Input):
    """How much each kind of match counts; what is left out keeps its default."""

    model_config = STRICT

    dense: Weight | None = Field(None, description="Meaning of the whole passage.")
    sentence: Weight | None = Field(None, description="Meaning of its best sentence.")
    lexical: Weight | None = Field(None, description="Words in common (BM25).")
    feedback: Weight | None = Field(None, description="Likeness to the passages that fit best.")


class Advanced(Input):
    """What only a POST can say."""

    filter: dict[str, Any] | None = Field(
        None,
        description="`and`, `or`, `not` over tests of id, external_id, title, url, source, lang, "
        "published_at: a value, or `eq`, `in`, `gt`, `gte`, `lt`, `lte`.",
        examples=[{"and": [{"source": {"in": ["AFP"]}}, {"published_at": {"gte": "2016-12-01"}}]}],
    )
    weights: WeightsIn | None = Field(None, description="For this question only.")
    budget_ms: int | None = Field(
        None,
        ge=1,
        description="What the answer may take; the reader reads as much as fits, and a warning is "
        "given when it took longer.",
        examples=[100],
    )


class SearchRequest(Advanced, SearchQuery):
    """The body of POST /v1/search."""

    model_config = STRICT


class AskRequest(Advanced, AskQuery):
    """The body of POST /v1/ask."""

    model_config = STRICT

    generate: bool = Field(
        default=False, description="Have a text written from the passages (QA_LLM_BASE_URL)."
    )


class QueryOut(Output):
    """What was asked."""

    text: str = Field(examples=["who is meeting in Geneva?"])
    rewritten: str | None = Field(
        None, description="What was searched for instead: the question, completed from the talk."
    )


class Range(Output):
    """Half-open, in Unicode code points, into the article's stored text."""

    start: int = Field(examples=[1012])
    end: int = Field(examples=[1060])


class Sentence(Output):
    """The whole sentence around an answer."""

    text: str
    start: int
    end: int


class Quote(Output):
    """The cited words with what stands around them, as in the W3C's TextQuoteSelector."""

    exact: str
    prefix: str
    suffix: str


class Citation(Output):
    """Where an answer stands: `text[start:end] == quote.exact`, always."""

    article_id: str = Field(examples=["art_2b8e0f6c1d9a47f3b5e1"])
    sha256: str = Field(description="Of the article's stored text, in UTF-8.")
    passage_id: str = Field(examples=["psg_17"])
    title: str
    source: str | None = Field(examples=["AFP"])
    url: str | None
    published_at: datetime | None
    start: int = Field(examples=[1012])
    end: int = Field(examples=[1060])
    quote: Quote
    sentence: Sentence


class AnswerShort(Output):
    """The best answer by itself."""

    text: str
    confidence: float = Field(
        description="Calibrated probability that it is right.", examples=[0.91]
    )


class AnswerOut(AnswerShort):
    """An answer with the place where it stands."""

    score: float = Field(description="Orders the answers of one response, nothing more.")
    citation: Citation
    also: list[Citation] = Field(description="Where else the same answer stands.")


class PassageOut(Output):
    """A passage that was found."""

    id: str = Field(examples=["psg_17"])
    article_id: str = Field(examples=["art_2b8e0f6c1d9a47f3b5e1"])
    rank: int = Field(description="From 1, the best.", examples=[1])
    score: float = Field(description="Orders the passages of one response, nothing more.")
    text: str
    start: int
    end: int
    title: str
    source: str | None = Field(examples=["AFP"])
    url: str | None
    published_at: datetime | None
    highlights: list[Range] = Field(description="What answers, in the article's offsets.")
    story_id: str = Field(
        description="The same for articles with the same text.", examples=["sty_9f2c4a7be0d35816"]
    )
    explain: dict[str, float] | None = Field(description="The parts of the score, when asked for.")


class Timing(Output):
    """Milliseconds by stage."""

    total: float = Field(examples=[21.3])
    embed: float = Field(examples=[2.9])
    retrieve: float = Field(examples=[1.4])


class AskTiming(Timing):
    """Milliseconds by stage."""

    read: float = Field(examples=[16.0])


class Models(Output):
    """The models that made an answer."""

    embed: str = Field(examples=["all-MiniLM-L6-v2"])
    read: str


class AskResponse(Output):
    """An answer with its citations; none is a normal outcome, with the best passages there."""

    id: str = Field(examples=["ans_5c0e6f0a4b7d4b0f8a5e1c2d3f4a5b6c"])
    answered: bool
    query: QueryOut
    answer: AnswerShort | None
    answers: list[AnswerOut]
    passages: list[PassageOut]
    warnings: list[str]
    timing_ms: AskTiming
    model: Models
    generation: int = Field(description="Goes up with every write to the index.")
    generated: Generated | None = Field(
        default=None, description="A text by a language model, where one was asked for."
    )
    cached: bool = Field(default=False, description=CACHED)


class SearchResponse(Output):
    """The passages that fit best."""

    query: QueryOut
    passages: list[PassageOut]
    total: int = Field(description="Passages that were compared.")
    warnings: list[str]
    timing_ms: Timing
    generation: int
    cached: bool = Field(default=False, description=CACHED)
