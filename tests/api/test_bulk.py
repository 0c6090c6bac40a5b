import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from api.bulk import Line, batches, import_lines
from api.service import Service


def split(*chunks: bytes, max_line: int = 100) -> list[list[Line]]:
    async def stream() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def collect() -> list[list[Line]]:
        return [batch async for batch in batches(stream(), max_line=max_line)]

    return asyncio.run(collect())


def results(service: Service, *lines: bytes | None) -> list[dict[str, object]]:
    batch = [Line(number, data) for number, data in enumerate(lines, start=1)]
    return [json.loads(line) for line in import_lines(service, batch).splitlines()]


def test_lines_are_given_as_soon_as_they_have_ended() -> None:
    assert split(b"one\ntw", b"o\n\n", b"four") == [
        [Line(1, b"one")],
        [Line(2, b"two")],
        [Line(4, b"four")],
    ]


def test_blank_lines_are_passed_over_but_counted() -> None:
    assert split(b"\n \r\n\t\nx\r\n") == [[Line(4, b"x\r")]]
    assert split(b"") == []


def test_a_line_that_is_too_long_is_not_kept() -> None:
    assert split(b"a\nb" * 3 + b"bbb", b"b" * 9, b"\nc\n", max_line=4) == [
        [Line(1, b"a"), Line(2, b"ba"), Line(3, b"ba")],
        [Line(4, None), Line(5, b"c")],
    ]
    assert split(b"12345", max_line=4) == [[Line(1, None)]]
    assert split(b"1234", max_line=4) == [[Line(1, b"1234")]]


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=5))
def test_where_chunks_are_cut_makes_no_difference(body: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    chunks = [body[a:b] for a, b in pairwise(edges)]
    cut = [line for batch in split(*chunks, max_line=8) for line in batch]
    assert cut == [
        Line(number, data if len(data) <= 8 else None)
        for number, data in enumerate(body.split(b"\n"), start=1)
        if len(data) > 8 or data.strip()
    ]


def test_every_line_gets_its_result_in_order(service: Service) -> None:
    first, second, third, fourth, fifth = results(
        service,
        b'{"text": "One.", "external_id": "1"}',
        b"{broken",
        b'\xef\xbb\xbf{"text": "Two."}',
        b'{"text": "x", "titel": "y"}',
        None,
    )
    assert (first["line"], first["result"], first["external_id"]) == (1, "created", "1")
    assert (second["line"], second["error"]["code"]) == (2, "malformed_json")  # type: ignore[index]
    assert (third["line"], third["result"]) == (3, "created")
    assert fourth["error"]["errors"][0]["pointer"] == "/titel"  # type: ignore[index]
    assert fifth["error"]["status"] == 413  # type: ignore[index]
    assert service.counts().articles == 5


def test_results_are_those_of_a_write_with_the_line(service: Service) -> None:
    (result,) = results(service, b'{"text": "One."}')
    assert set(result) == {
        "line",
        "id",
        "external_id",
        "result",
        "passages",
        "story_id",
        "warnings",
    }


def test_lines_that_are_no_articles_are_told_why(service: Service) -> None:
    bad = (b"\xff", b"[]", b"1", b'{"text": "\\ud800"}', b'{"text": " "}', b'{"text": "a\\u0000"}')
    errors = [result["error"] for result in results(service, *bad)]
    codes = [error["code"] for error in errors]  # type: ignore[index]
    assert codes == [
        "malformed_json",
        "invalid_parameter",
        "invalid_parameter",
        "malformed_json",
        "invalid_parameter",
        "invalid_parameter",
    ]
    assert [result["line"] for result in results(service, *bad)] == [1, 2, 3, 4, 5, 6]


def test_deep_json_is_refused_and_not_followed(service: Service) -> None:
    (result,) = results(service, b'{"text": ' + b"[" * 100_000)
    assert result["error"]["status"] in (400, 422)  # type: ignore[index]
