"""What the OpenAI-compatible routes take, as pydantic models."""

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

from api.fields import Name, Text, encodable, no_nul
from api.schemas import STRICT, Input

QUESTION_CHARACTERS = 1000
INPUT_CHARACTERS = 32_000
"""Of one text to embed: four for each of the 8,000 tokens that OpenAI's own models read."""
INPUTS = 2048
"""Texts to embed at once, as with OpenAI."""
MESSAGES = 2000
ONE_OR_MORE = {"anyOf": [{"type": "string"}, {"type": "array"}]}

HARMLESS = frozenset(
    """temperature top_p top_k min_p frequency_penalty presence_penalty repetition_penalty seed stop
    max_tokens max_completion_tokens logit_bias user metadata store service_tier reasoning_effort
    verbosity tools functions parallel_tool_calls prediction web_search_options safety_identifier
    prompt_cache_key prompt_cache_options prompt_cache_retention""".split()
)
"""What tunes a language model, says who asks, or what may be called, which nothing here ever does:
taken, and of no effect on what articles say."""


def only(*allowed: object, why: str) -> AfterValidator:
    """For a field that would change what an answer is, and may only say that it does not."""

    def check(value: object) -> object:
        if value is not None and value not in allowed:
            raise ValueError(f"is not supported: {why}")
        return value

    return AfterValidator(check)


class Part(BaseModel):
    """A piece of a message; only text is read."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    type: str
    text: Text = ""
    refusal: Text = ""

    @model_validator(mode="after")
    def _is_text(self) -> "Part":
        if self.type not in ("text", "refusal"):
            raise ValueError("is not supported: only text is read here")
        return self


def _in_parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class Message(BaseModel):
    """One turn of a conversation; fields of other kinds of turns are left aside."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Annotated[
        list[Part] | None,
        BeforeValidator(_in_parts),
        WithJsonSchema(ONE_OR_MORE | {"description": "Text, or parts of the type `text`."}),
    ] = None

    @property
    def text(self) -> str:
        """All of it as one string."""
        return "\n".join(part.text or part.refusal for part in self.content or ())


def _asks(messages: list[Message]) -> list[Message]:
    """Refuse messages that hold no question, or one that is too long."""
    question = next((one.text.strip() for one in reversed(messages) if one.role == "user"), "")
    if not question:
        raise ValueError("must hold a message of the role user with some text: the question")
    if len(question) > QUESTION_CHARACTERS:
        raise ValueError(
            f"the last message of the user has {len(question):,} characters; a question has at "
            f"most {QUESTION_CHARACTERS:,}"
        )
    no_nul(question)
    return messages


class StreamOptions(BaseModel):
    """How a stream ends."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    include_usage: bool | None = None


class ChatIn(Input):
    """The body of POST /v1/chat/completions; what tunes a language model is taken and ignored."""

    model_config = STRICT

    model: Name = Field(description="One of GET /v1/models.", examples=["dateline"])
    messages: Annotated[list[Message], AfterValidator(_asks)] = Field(
        min_length=1,
        max_length=MESSAGES,
        description="The last message of the user is the question.",
        examples=[[{"role": "user", "content": "who is meeting in Geneva?"}]],
    )
    follow_up: bool = Field(
        default=True,
        description="Whether the question may be completed from the turns before it; not OpenAI's.",
    )
    stream: bool | None = Field(None, description="Answer as server-sent events.")
    stream_options: StreamOptions | None = None
    n: Annotated[Any, only(1, why="there is one answer")] = None
    tool_choice: Annotated[Any, only("none", "auto", why="nothing is called here")] = None
    function_call: Annotated[Any, only("none", "auto", why="nothing is called here")] = None
    response_format: Annotated[
        Any, only({"type": "text"}, why="answers are text; POST /v1/ask gives JSON")
    ] = None
    modalities: Annotated[Any, only(["text"], [], why="answers are text")] = None
    audio: Annotated[Any, only(why="answers are text")] = None
    logprobs: Annotated[Any, only(0, why="answers are quoted, not sampled")] = None
    top_logprobs: Annotated[Any, only(0, why="answers are quoted, not sampled")] = None
    moderation: Annotated[Any, only(why="nothing is moderated here")] = None

    @model_validator(mode="before")
    @classmethod
    def _leave_out(cls, body: object) -> object:
        if not isinstance(body, dict):
            return body
        return {name: value for name, value in body.items() if name not in HARMLESS}

    @property
    def question(self) -> str:
        """The last message of the user."""
        return next(one.text for one in reversed(self.messages) if one.role == "user").strip()

    @property
    def earlier(self) -> list[Message]:
        """What was said before the question, by the user and to the user."""
        last = max(place for place, one in enumerate(self.messages) if one.role == "user")
        return [one for one in self.messages[:last] if one.role in ("user", "assistant")]


def _listed(value: object) -> object:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and any(isinstance(one, int | list) for one in value):
        raise ValueError("token arrays are not read: send a string or a list of strings")
    return value


TextToEmbed = Annotated[
    str, Field(min_length=1, max_length=INPUT_CHARACTERS), AfterValidator(encodable)
]


class EmbeddingsIn(Input):
    """The body of POST /v1/embeddings."""

    model_config = STRICT

    model: Name = Field(description="The embedding model among GET /v1/models.")
    input: Annotated[
        list[TextToEmbed],
        BeforeValidator(_listed),
        Field(min_length=1, max_length=INPUTS),
        WithJsonSchema(ONE_OR_MORE),
    ]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = Field(None, description="Only as many as the model has.")
    user: Any = None
