import logging

import pytest
from starlette.testclient import TestClient

from api.app import build_api, create_app, warn_if_open
from api.build import build_service
from api.metrics import Metrics
from api.service import Service
from api.settings import Settings


@pytest.fixture
def service(shared_service: Service) -> Service:
    """Every test here only reads."""
    return shared_service


@pytest.mark.parametrize("path", ["/readyz", "/v1/ask?q=a", "/v1/articles", "/metrics", "/version"])
def test_nothing_is_answered_before_the_start(
    settings: Settings, service: Service, path: str
) -> None:
    response = TestClient(create_app(settings, service)).get(path)
    assert response.status_code == 503
    assert response.json()["code"] == "not_ready"
    assert response.headers["retry-after"] == "1"


def test_the_process_is_alive_before_it_is_ready(settings: Settings, service: Service) -> None:
    client = TestClient(create_app(settings, service))
    assert client.get("/livez").json() == {"status": "alive"}
    with client:
        assert client.get("/readyz").json() == {"status": "ready"}
    assert client.get("/readyz").status_code == 503


def test_a_service_that_was_given_is_left_open(settings: Settings, service: Service) -> None:
    with TestClient(create_app(settings, service)):
        pass
    assert service.counts().articles == 3


def test_without_a_service_one_is_built_and_closed(settings: Settings) -> None:
    light = settings.model_copy(update={"embed_model": "hashing", "reader": "none"})
    with TestClient(create_app(light)) as client:
        client.post("/v1/articles", json={"text": "Bread is baked."})
        assert client.get("/readyz").status_code == 200
    again = build_service(light)  # the directory is not locked any more, and nothing is lost
    assert again.counts().articles == 1
    again.close()


def test_two_applications_in_one_process_count_for_themselves(
    settings: Settings, service: Service
) -> None:
    with TestClient(create_app(settings, service)) as one:
        one.get("/v1/ask?q=zebra")
    with TestClient(create_app(settings, service)) as two:
        assert 'dateline_answers_total{outcome="abstained"} 0.0' in two.get("/metrics").text


@pytest.mark.parametrize(
    ("host", "keys", "open_"),
    [
        ("127.0.0.1", (), False),
        ("127.9.9.9", (), False),
        ("::1", (), False),
        ("localhost", (), False),
        ("0.0.0.0", (), True),  # noqa: S104
        ("192.0.2.1", (), True),
        ("news.example.org", (), True),
        ("0.0.0.0", ("key",), False),  # noqa: S104
    ],
)
def test_a_service_that_is_open_to_all_says_so(
    host: str,
    keys: tuple[str, ...],
    open_: bool,  # noqa: FBT001
    caplog: pytest.LogCaptureFixture,
) -> None:
    warn_if_open(Settings(host=host, api_keys=keys))
    assert ("set QA_API_KEYS" in caplog.text) is open_


def test_the_warning_is_given_at_the_start(
    settings: Settings, service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    everywhere = settings.model_copy(update={"host": "::"})
    with caplog.at_level(logging.WARNING), TestClient(create_app(everywhere, service)):
        pass
    assert "anyone who reaches :: may read and write" in caplog.text


def test_the_routes_can_be_had_without_their_layers(settings: Settings, service: Service) -> None:
    api = build_api(settings, Metrics(), service)
    assert api.openapi()["info"]["title"] == "Dateline"
    assert api.openapi() is api.openapi()
