"""An answer that a language model wrote from the passages: its JSON, as pydantic models."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

FlagCode = Literal[
    "quote_not_found", "quote_elsewhere", "citation_unknown", "uncited", "link", "cut_off"
]


class Flag(BaseModel):
    """Something in the text that the passages do not bear out."""

    model_config = ConfigDict(frozen=True)

    code: FlagCode
    detail: str = Field(examples=["“peace at last” does not stand in [1]"])


class Cited(BaseModel):
    """The passage behind a number in the text."""

    model_config = ConfigDict(frozen=True)

    number: int = Field(description="As it stands in the text, in brackets.", examples=[1])
    article_id: str = Field(examples=["art_2b8e0f6c1d9a47f3b5e1"])
    passage_id: str = Field(examples=["psg_17"])
    start: int
    end: int
    title: str
    source: str | None
    url: str | None
    published_at: datetime | None


class Generated(BaseModel):
    """A text that a language model wrote, checked against the passages that it was given."""

    model_config = ConfigDict(frozen=True)

    text: str = Field(description="Numbers in brackets stand for the citations.")
    citations: list[Cited]
    model: str
    flags: list[Flag] = Field(description="What to distrust; empty where all was borne out.")
