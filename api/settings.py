"""Every setting of the service: one field per `QA_*` variable."""

import difflib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from api.fields import Host
from index.errors import InvalidInput

log = logging.getLogger(__name__)

PREFIX = "QA_"
LATER = ("QA_MILVUS_URI",)
"""Agreed on for versions to come: one environment may serve this one and those."""
MEGABYTE = 1_000_000
ORIGIN = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?")
"""As a browser writes it: no path, no slash at the end, no pattern."""


def _split(value: object) -> object:
    """`a, b` as one variable has it -> ("a", "b")."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _origins(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not ORIGIN.fullmatch(value):
            raise ValueError(f"{value!r} is no origin such as https://news.example:8443")
    return values


def _web(value: str) -> str:
    if value and not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    return value


Several = Annotated[tuple[str, ...], BeforeValidator(_split)]


class Settings(BaseModel):
    """What can be configured; option before variable before default."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: Path = Field(Path("data"), description="Folder where everything is kept.")
    host: str = Field("127.0.0.1", description="Address that the server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the server listens on.")
    url: str | None = Field(
        None, description="Address of a running server for the command line to talk to."
    )
    embed_model: str = Field(
        "",
        description="A sentence-transformers model: a folder or a hub name; empty is the packaged "
        "all-MiniLM-L6-v2. `hashing` finds shared words only, without a model.",
    )
    reader: str = Field(
        "",
        description="What marks the answer: a question-answering model (transformers) or a "
        "cross-encoder (sentence-transformers), a folder or a hub name; empty is the packaged "
        "reader; `none` answers with the best sentence.",
    )
    engine: Literal["faiss", "exact"] = Field(
        "faiss", description="Vector search: `faiss`, or `exact` (plain numpy, the reference)."
    )
    api_keys: Several = Field(
        (), repr=False, description="Keys that clients must send, separated by commas; none: open."
    )
    allowed_hosts: Annotated[tuple[Host, ...], BeforeValidator(_split)] = Field(
        (),
        description="Host names that requests may be sent to, separated by commas, `*.` for all "
        "below one; loopback names always may. None: any, but `/mcp` without keys only loopback "
        "names and addresses.",
    )
    cors_origins: Annotated[Several, AfterValidator(_origins)] = Field(
        (),
        description="Other sites whose pages may ask here, such as `https://news.example`, "
        "separated by commas.",
    )
    conversation_minutes: int = Field(
        30,
        ge=0,
        description="How long a conversation is remembered after its last question; 0: not at all.",
    )
    slack_signing_secret: str = Field(
        "", repr=False, description="Opens the door for Slack: the app's signing secret."
    )
    slack_bot_token: str = Field(
        "", repr=False, description="Slack's `xoxb-` token, to answer mentions and direct messages."
    )
    discord_public_key: str = Field(
        "", repr=False, description="Opens the door for Discord: the application's public key."
    )
    teams_secret: Several = Field(
        (), repr=False, description="Opens the door for Teams: outgoing webhooks' security tokens."
    )
    teams_app_secret: str = Field(
        "", repr=False, description="Opens the door for a bot in Teams: its client secret."
    )
    teams_app_id: str = Field("", description="The bot's application (client) id.")
    teams_tenant_id: str = Field(
        "", description="The directory (tenant) that it is registered in; none: several."
    )
    mattermost_token: Several = Field(
        (), repr=False, description="Opens the door for Mattermost: the integrations' tokens."
    )
    rocketchat_token: Several = Field(
        (), repr=False, description="Opens the door for Rocket.Chat: the integrations' tokens."
    )
    zulip_token: Several = Field(
        (), repr=False, description="Opens the door for Zulip: the bots' outgoing webhook tokens."
    )
    telegram_secret: str = Field(
        "", repr=False, description="Opens the door for Telegram: the webhook's secret token."
    )
    matrix_url: str = Field(
        "", description="The homeserver of the Matrix bot that `qa matrix` runs."
    )
    matrix_user: str = Field("", description="The bot's name there, such as `@news:example.org`.")
    matrix_password: str = Field("", repr=False, description="The bot's password.")
    matrix_token: str = Field(
        "", repr=False, description="Its access token, in place of name and password."
    )
    matrix_servers: Several = Field(
        (),
        description="Homeservers whose users may invite the bot, besides its own; `*`: everybody.",
    )
    max_article_mb: int = Field(10, ge=1, description="Largest text of one article, in megabytes.")
    max_body_mb: int = Field(
        64, ge=1, description="Largest request body, in megabytes; imports are streamed and exempt."
    )
    threads: int = Field(0, ge=0, description="Native threads of the model; 0: as many as fit.")
    queue: int = Field(
        128,
        ge=1,
        description="Questions that may wait for an answer; the next one is told to come back "
        "(429).",
    )
    cache_entries: int = Field(
        1000,
        ge=0,
        description="Replies, and vectors of questions, that are kept until something is written, "
        "and given again; 0: none.",
    )
    llm_base_url: Annotated[str, AfterValidator(_web)] = Field(
        "",
        description="Where a language model answers in OpenAI's protocol, such as "
        "`http://127.0.0.1:11434/v1`; empty: nothing is written, answers are quoted.",
    )
    llm_model: str = Field("", validate_default=True, description="Its name there.")
    llm_api_key: str = Field("", repr=False, description="The key that it asks for.")
    llm_timeout_s: float = Field(
        30, gt=0, le=600, description="Seconds it may take for a text; later, answers are quoted."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe events that are logged."
    )
    log_format: Literal["json", "text"] = Field(
        "json", description="One JSON object an event, or text for a terminal."
    )

    @field_validator("llm_model")
    @classmethod
    def _is_named(cls, name: str, info: ValidationInfo) -> str:
        if info.data.get("llm_base_url") and not name:
            raise ValueError("name the model that QA_LLM_BASE_URL serves")
        return name

    @property
    def max_article_bytes(self) -> int:
        """The largest text of one article."""
        return self.max_article_mb * MEGABYTE

    @property
    def max_body_bytes(self) -> int:
        """The largest request body."""
        return self.max_body_mb * MEGABYTE

    @classmethod
    def from_env(cls, environ: Mapping[str, str], **options: object) -> Self:
        """Settings from the `QA_*` variables; an option that is not None goes before them.

        An empty variable counts as not set. Raises InvalidInput.
        """
        given = {
            name: value
            for name, value in environ.items()
            if name.startswith(PREFIX) and value.strip()
        }
        if later := [name for name in LATER if given.pop(name, None)]:
            log.warning("not used by this version: %s", ", ".join(later))
        values: dict[str, object] = {_field(name): value for name, value in given.items()}
        values |= {name: value for name, value in options.items() if value is not None}
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise InvalidInput("; ".join(_reasons(error))) from None


def variable(field: str) -> str:
    """The name of the variable that sets a field."""
    return PREFIX + field.upper()


def _field(name: str) -> str:
    known = {variable(field): field for field in Settings.model_fields}
    if name not in known:
        near = difflib.get_close_matches(name.upper(), known, n=1, cutoff=0)[0]
        raise InvalidInput(f"{name} is not a setting; the nearest one is {near}")
    return known[name]


def _reasons(error: ValidationError) -> list[str]:
    return [
        f"{variable(str(item['loc'][0]))}: {item['msg']}, not {item['input']!r}"
        for item in error.errors()
    ]
