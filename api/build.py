"""From settings to objects: the only place that picks implementations."""

import logging
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, assert_never

from api.settings import Settings
from index.errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    from api.chat.asking import Asker
    from api.chat.hooks import Door
    from api.chat.outbox import Outbox
    from api.generate import Writer
    from api.service import Service
    from index.corpus import Corpus
    from index.types import Embedder, VectorIndex
    from qa.pipeline import Pipeline
    from qa.types import Reader, SpanModel

log = logging.getLogger(__name__)

# Native threads that have nothing to do sleep instead of spinning. It is read when torch is loaded,
# below. Beside other work on 2 cores a question took 20 ms instead of 470, passages 1.5 times more.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def build_service(settings: Settings, *, write: bool = True) -> "Service":
    """Everything, ready to be asked."""
    from api.service import Service
    from index.corpus import Corpus
    from index.embedders.batched import BatchedEmbedder

    embedder = BatchedEmbedder(build_embedder(settings), remembered=settings.cache_entries)
    corpus = Corpus.open(settings.data, embedder, engine=build_engine(settings), write=write)
    log.info("opened %s, generation %d", settings.data, corpus.generation)
    pipeline = build_pipeline(corpus, settings)
    writer = build_writer(settings)
    return Service(corpus, pipeline, settings, writer=writer, embedder=embedder)


def build_writer(settings: Settings) -> "Writer | None":
    """What writes texts from passages, where QA_LLM_BASE_URL names a language model."""
    if not settings.llm_base_url:
        return None
    from api.generate import Writer
    from api.language_model import LanguageModel

    model = LanguageModel(
        settings.llm_base_url,
        settings.llm_model,
        api_key=settings.llm_api_key,
        timeout_s=settings.llm_timeout_s,
    )
    return Writer(model)


def build_embedder(settings: Settings) -> "Embedder":
    """The packaged model, or what QA_EMBED_MODEL names."""
    match settings.embed_model:
        case "hashing":
            from index.embedders.hashing import HashingEmbedder

            return HashingEmbedder()
        case model:
            from index.embedders.opened import open_embedder
            from index.embedders.weights import PACKAGED
            from qa.cached import cache_folder

            cache = cache_folder(os.environ) / "encoders"
            return open_embedder(model or PACKAGED, cache, threads=settings.threads)


def build_engine(settings: Settings) -> type["VectorIndex"]:
    """The vector search."""
    match settings.engine:
        case "faiss":
            from index.vectors.faiss import FaissIndex

            return FaissIndex
        case "exact":
            from index.vectors.exact import ExactIndex

            return ExactIndex
        case never:
            assert_never(never)


def build_pipeline(corpus: "Corpus", settings: Settings) -> "Pipeline":
    """From a question to an answer."""
    from qa.pipeline import Pipeline
    from qa.retrieve import HybridRetriever

    return Pipeline(HybridRetriever(corpus), build_reader(corpus, settings))


def build_reader(corpus: "Corpus", settings: Settings) -> "Reader":
    """What marks the answer."""
    from qa.calibrate import MARKED, SENTENCE, Calibration
    from qa.read import SentenceReader
    from qa.span_reader import SpanReader

    match settings.reader:
        case "none":
            return SentenceReader(corpus, Calibration.load(SENTENCE))
        case "":
            from qa.readers.packaged import PackagedModel

            model: SpanModel = PackagedModel(threads=settings.threads)
        case name:
            from qa.readers.hub import load

            model = load(name)
    return SpanReader(corpus, model, Calibration.load(MARKED))


def build_doors(settings: Settings, asker: "Asker", outbox: "Outbox") -> "list[Door]":
    """Those chat tools whose secrets are set; the code of the others is not even imported."""
    return [*_answering_later(settings, asker, outbox), *_answering_at_once(settings, asker)]


def _answering_later(settings: Settings, asker: "Asker", outbox: "Outbox") -> "Iterator[Door]":
    if settings.slack_signing_secret:
        from api.chat.slack import Slack

        token = settings.slack_bot_token
        yield Slack(settings.slack_signing_secret, asker, outbox, token=token)
    if settings.discord_public_key:
        yield build_discord(settings.discord_public_key, asker, outbox)
    if settings.teams_app_secret:
        yield build_teams_bot(settings, asker, outbox)


def _answering_at_once(settings: Settings, asker: "Asker") -> "Iterator[Door]":
    if settings.teams_secret:
        from api.chat.teams import Teams

        yield Teams(settings.teams_secret, asker)
    if settings.mattermost_token:
        from api.chat.mattermost import Mattermost

        yield Mattermost(settings.mattermost_token, asker)
    if settings.rocketchat_token:
        from api.chat.rocketchat import RocketChat

        yield RocketChat(settings.rocketchat_token, asker)
    if settings.zulip_token:
        from api.chat.zulip import Zulip

        yield Zulip(settings.zulip_token, asker)
    if settings.telegram_secret:
        from api.chat.telegram import Telegram

        yield Telegram(settings.telegram_secret, asker)


def build_discord(public_key: str, asker: "Asker", outbox: "Outbox") -> "Door":
    """With what proves its signatures."""
    try:
        from api.chat.discord import Discord
    except ModuleNotFoundError as error:
        raise MissingExtra(
            "QA_DISCORD_PUBLIC_KEY needs `pip install 'dateline[discord]'`"
        ) from error
    return Discord(public_key, asker, outbox)


def build_teams_bot(settings: Settings, asker: "Asker", outbox: "Outbox") -> "Door":
    """With Microsoft's library, which warns of parts of itself that are not used here."""
    if not settings.teams_app_id:
        raise InvalidInput("QA_TEAMS_APP_ID: must be set with QA_TEAMS_APP_SECRET")
    with warnings.catch_warnings(action="ignore"):
        try:
            from microsoft_teams.apps import App

            from api.chat.teams_bot import TeamsBot
        except ModuleNotFoundError as error:
            reason = "QA_TEAMS_APP_SECRET needs `pip install 'dateline[teams]'`"
            raise MissingExtra(reason) from error
        app = App(
            client_id=settings.teams_app_id,
            client_secret=settings.teams_app_secret,
            tenant_id=settings.teams_tenant_id or None,
            dangerously_allow_unauthenticated_requests=False,
        )
    return TeamsBot(app, asker, outbox)
