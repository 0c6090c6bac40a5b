import itertools
import json
import time
from typing import Any

import pytest

from api.generate import Unwritten
from api.language_model import MALFORMED, LanguageModel
from api.telling import whole

ASKED = [{"role": "user", "content": "who?"}]
DONE = b"data: [DONE]\n\n"


def event(content: object = None, *, end: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": end}
    return f"data: {json.dumps({'choices': [choice]})}\n\n".encode()


def written(llm: Any, *, timeout_s: float = 5.0, key: str = "") -> tuple[str, bool]:
    model = LanguageModel(llm.url + "/", "m-1", api_key=key, timeout_s=timeout_s)
    try:
        pieces, cut = whole(model.write(ASKED))
        return "".join(pieces), cut
    finally:
        model.close()


def reason(llm: Any, **options: Any) -> str:
    with pytest.raises(Unwritten) as error:
        written(llm, **options)
    return str(error.value)


def test_the_pieces_are_put_together(llm: Any) -> None:
    llm.says("The harbour ", "of Östmere ", "reopened. 🚢")
    assert written(llm, key="schlüssel") == ("The harbour of Östmere reopened. 🚢", False)
    assert llm.keys[0].encode("latin-1").decode() == "Bearer schlüssel"
    assert llm.asked[0]["messages"] == ASKED
    assert (llm.asked[0]["model"], llm.asked[0]["stream"]) == ("m-1", True)


def test_no_key_is_sent_where_there_is_none(llm: Any) -> None:
    llm.says("Yes.")
    assert written(llm) == ("Yes.", False)
    assert llm.keys == [None]


def test_bytes_may_be_cut_anywhere(llm: Any) -> None:
    whole_stream = (
        b": hello\r\n\r\nevent: x\r\ndata:" + event("Östmere 🚢")[5:] + event(end="length") + DONE
    )
    llm.body = [bytes([one]) for one in whole_stream]
    assert written(llm) == ("Östmere 🚢", True)


def test_events_without_text_are_passed_over(llm: Any) -> None:
    usage = b'data: {"choices": [], "usage": {}}\n\n'
    strange = b'data: {"choices": [{"delta": null, "finish_reason": null}]}\n\n'
    llm.body = [usage, strange, event("Yes."), event(), event(end="stop"), usage, DONE]
    assert written(llm) == ("Yes.", False)


def test_control_characters_and_halves_are_left_out(llm: Any) -> None:
    llm.body = [
        rb'data: {"choices": [{"delta": {"content": "a\u001b[31m\ud800\u202eb\n"}}]}' + b"\n\n"
    ]
    llm.body += [event(end="stop")]
    assert written(llm) == ("a[31m?b\n", False)


def test_one_that_is_silent_is_given_up(llm: Any) -> None:
    llm.body = [event("Well, "), 0.6, event(end="stop")]
    start = time.monotonic()
    assert reason(llm, timeout_s=0.2) == "the language model took longer than 0.2 s"
    assert time.monotonic() - start < 0.5


@pytest.mark.parametrize("piece", [event(""), b": wait\n", b"x"])
def test_one_that_only_keeps_the_line_open_is_given_up(llm: Any, piece: bytes) -> None:
    llm.body = itertools.chain.from_iterable(itertools.repeat((piece, 0.05), 40))
    start = time.monotonic()
    assert reason(llm, timeout_s=0.3) == "the language model took longer than 0.3 s"
    assert time.monotonic() - start < 1


def test_one_without_an_end_is_given_up_and_let_go(llm: Any) -> None:
    llm.body = itertools.repeat(event("and on "))
    assert reason(llm) == "the language model would not stop"
    assert llm.left.wait(5)


def test_a_line_without_an_end_is_given_up(llm: Any) -> None:
    llm.body = itertools.repeat(b"x" * 100_000)
    assert reason(llm, timeout_s=20) == "the language model would not stop"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ([event("Half")], "the language model broke off"),
        ([event("Half"), DONE], "the language model broke off"),
        ([DONE], "the language model broke off"),
        ([], "the language model broke off"),
        ([event(end="stop"), DONE], "the language model wrote nothing"),
        ([b"data: {\n\n"], MALFORMED),
        ([b"data: []\n\n"], MALFORMED),
        ([b"data: 3\n\n"], MALFORMED),
        ([b'data: {"error": {"message": "x"}}\n\n'], MALFORMED),
        ([b'data: {"choices": {}}\n\n'], MALFORMED),
        ([b'data: {"choices": [3]}\n\n'], MALFORMED),
        ([event({"a": 1})], MALFORMED),
        ([b"data: " + b"[" * 100_000 + b"\n\n"], MALFORMED),
        ([b"\xff\xfe\n\ndata: \xff\n\n"], MALFORMED),
    ],
)  # fmt: skip
def test_a_broken_stream_is_no_text(llm: Any, body: list[bytes], expected: str) -> None:
    llm.body = body
    assert reason(llm) == expected


@pytest.mark.parametrize("status", [204, 301, 401, 404, 429, 500, 503])
def test_a_refusal_is_no_text(llm: Any, status: int) -> None:
    llm.status, llm.body = status, [] if status == 204 else [b"no"]
    assert reason(llm) == f"the language model answers with HTTP {status}"


def test_one_that_does_not_stream_is_no_text(llm: Any) -> None:
    llm.kind, llm.body = "application/json", [b'{"choices": []}']
    assert reason(llm) == "the language model does not stream its answer"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://[", "http://nowhere.invalid"])
def test_one_that_is_not_there_is_no_text(url: str) -> None:
    model = LanguageModel(url, "m")
    with pytest.raises(Unwritten, match=r"^the language model does not answer$"):
        whole(model.write(ASKED))
    model.close()
