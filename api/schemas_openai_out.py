"""What the OpenAI-compatible routes give, as pydantic models."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from api.schemas import Output


class Usage(Output):
    """Tokens, by the rule of four bytes of UTF-8 for each."""

    prompt_tokens: int
    completion_tokens: int = 0
    total_tokens: int


class UrlCitation(Output):
    """Where a mark such as `[1]` stands in the content, and what it leads to."""

    start_index: int = Field(description="Of the mark, in code points.")
    end_index: int
    title: str
    url: str


class Annotation(Output):
    """A source, in OpenAI's own form."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitation


class Source(Output):
    """A source with its place: `text[start:end] == quote` in the article's stored text."""

    number: int = Field(description="What stands in the mark.", examples=[1])
    article_id: str = Field(examples=["art_2b8e0f6c1d9a47f3b5e1"])
    passage_id: str = Field(examples=["psg_17"])
    start: int
    end: int
    quote: str
    title: str
    source: str | None
    url: str = Field(description="The article's own, or that of the copy stored here.")
    published_at: datetime | None


class MessageOut(Output):
    """The answer, in Markdown."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[Annotation]


class Choice(Output):
    """The one choice that there is."""

    index: int = 0
    message: MessageOut
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class ChatOut(Output):
    """An answer with its sources."""

    id: str = Field(examples=["chatcmpl-5c0e6f0a4b7d4b0f8a5e1c2d3f4a5b6c"])
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage
    citations: list[Source]


class ModelOut(Output):
    """A model that may be named in a request."""

    id: str = Field(examples=["dateline"])
    object: Literal["model"] = "model"
    created: int
    owned_by: str = "dateline"


class ModelList(Output):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[ModelOut]


class Embedding(Output):
    """A unit vector: numbers, or float32 little-endian in base64."""

    object: Literal["embedding"] = "embedding"
    index: int
    embedding: list[float] | str


class Embeddings(Output):
    """A vector for each text, in order."""

    object: Literal["list"] = "list"
    data: list[Embedding]
    model: str
    usage: Usage


class Fault(Output):
    """What went wrong, in OpenAI's terms."""

    message: str
    type: str = Field(examples=["invalid_request_error"])
    param: str | None = Field(examples=["messages[0].content"])
    code: str | None = Field(examples=["model_not_found"])


class ErrorOut(Output):
    """An error as OpenAI has it."""

    error: Fault
