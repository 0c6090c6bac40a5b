"""A house for each door, and the whole application with some of them."""

from collections.abc import Callable

import httpx
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.schemas_articles import ArticleIn
from api.service import Service
from api.settings import Settings
from tests.api.chat.house import SMUGGLED, House, Remote

Wired = Callable[..., TestClient]


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
