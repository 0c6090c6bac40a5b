"""A house for each door, and the whole application with some of them."""

from collections.abc import Callable

import httpx
import jwt
import pytest
from microsoft_teams.apps import AppTokenProvider
from starlette.testclient import TestClient

from api.app import create_app
from api.schemas_articles import ArticleIn
from api.service import Service
from api.settings import Settings
from tests.api.chat.bot_caller import MICROSOFT
from tests.api.chat.house import SMUGGLED, House, Remote

Wired = Callable[..., TestClient]


@pytest.fixture(autouse=True)
def microsoft(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its two answers that the door for a bot in Teams needs: public keys, and a token."""
    key = jwt.algorithms.RSAAlgorithm.to_jwk(MICROSOFT.public_key(), as_dict=True)
    keys = {"keys": [{**key, "kid": "microsoft", "use": "sig"}]}

    async def token(_: AppTokenProvider) -> str:
        return "of-the-bot"

    monkeypatch.setattr(jwt.PyJWKClient, "fetch_data", lambda _: keys)
    monkeypatch.setattr(AppTokenProvider, "get_app_token", token)


@pytest.fixture
def house(shared_service: Service) -> House:
    """Behind it, the three articles that all tests share."""
    return House(shared_service)


@pytest.fixture
def unsafe_house(service: Service) -> House:
    """Behind it, an article that tries everything."""
    article = {
        "text": SMUGGLED,
        "title": "<!channel> @everyone [t](javascript:x) | </a><script> \u202e",
        "source": "@all https://evil.example",
        "url": "https://example.org/\"><b>|(@all)*?a=1&b='2'",
    }
    service.add([ArticleIn.model_validate(article)])
    return House(service)


@pytest.fixture
def wired(shared_service: Service) -> Wired:
    """The whole application with the secrets of some doors set."""

    def build(remote: Remote | None = None, **secrets: object) -> TestClient:
        settings = Settings.model_validate(secrets)
        transport = httpx.MockTransport(remote or Remote())
        return TestClient(create_app(settings, shared_service, transport=transport))

    return build
