from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings


def samples(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = client.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_everything_that_was_asked_is_counted(client: TestClient) -> None:
    client.get("/v1/ask", params={"q": "who will meet in Geneva?"})
    client.post("/v1/ask", json={"q": "zebra"})
    client.get("/v1/search", params={"q": "harbour"})
    client.get("/v1/ask")
    found = samples(client)
    assert found["dateline_answers_total", (("outcome", "answered"),)] == 1
    assert found["dateline_answers_total", (("outcome", "abstained"),)] == 1
    for stage, times in (("embed", 3), ("retrieve", 3), ("total", 3), ("read", 2)):
        assert found["dateline_stage_seconds_count", (("stage", stage),)] == times

    def requests(method: str, route: str, status: str) -> float:
        labels = (("method", method), ("route", route), ("status", status))
        return found["dateline_request_seconds_count", labels]

    assert requests("GET", "/v1/ask", "200") == 1
    assert requests("POST", "/v1/ask", "200") == 1
    assert requests("GET", "/v1/ask", "422") == 1


def test_the_size_of_the_index_is_shown_as_it_is_now(client: TestClient) -> None:
    def size(what: str) -> float:
        return samples(client)["dateline_index", (("what", what),)]

    assert (size("articles"), size("passages"), size("generation")) == (3, 3, 1)
    client.delete("/v1/articles/ext:copy")
    assert (size("articles"), size("passages"), size("generation")) == (2, 2, 2)


def test_what_waits_and_what_was_known_is_shown(settings: Settings) -> None:
    light = settings.model_copy(update={"embed_model": "hashing", "reader": "none"})
    with TestClient(create_app(light)) as client:  # built whole, so that questions are batched
        before = samples(client)
        client.post("/v1/articles", json={"text": "Bread is baked."})
        for q in ("bread", "bread", "butter"):
            client.get("/v1/search", params={"q": q})
        after = samples(client)

    def more(name: str, **labels: str) -> float:
        key = name, tuple(sorted(labels.items()))
        return after[key] - before[key]

    assert more("dateline_batches_total") == more("dateline_batched_questions_total") == 2
    assert more("dateline_cache_total", of="replies", outcome="hit") == 1
    assert more("dateline_cache_total", of="replies", outcome="miss") == 2
    assert more("dateline_cache_total", of="vectors", outcome="hit") == 0
    for queue in ("thread", "model", "slice"):
        assert after["dateline_waiting", (("for", queue),)] == 0


def test_made_up_paths_and_methods_make_no_new_series(client: TestClient) -> None:
    for number in range(5):
        client.request(f"X{number}", f"/{number}")
    labels = (("method", "OTHER"), ("route", "unmatched"), ("status", "404"))
    assert samples(client)["dateline_request_seconds_count", labels] == 5


def test_the_process_is_watched_too(client: TestClient) -> None:
    assert samples(client)["process_resident_memory_bytes", ()] > 1_000_000
