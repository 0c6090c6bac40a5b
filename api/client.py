"""Client: what Service offers, from a server that runs somewhere else."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel, ValidationError

from api.problems import MEDIA_TYPE, Problem
from api.schemas import AskRequest, AskResponse, SearchRequest, SearchResponse
from api.schemas_articles import (
    ArticleIn,
    ArticleList,
    ArticleOut,
    LineOut,
    WriteOut,
    WritesOut,
)
from api.version import About
from index import errors
from index.types import Article

Reply = TypeVar("Reply", bound=BaseModel)

JSON = "application/json"
TIMEOUT = httpx.Timeout(60, connect=5)
IMPORT_TIMEOUT = httpx.Timeout(600, connect=5)
"""Seconds; one article of the largest size takes minutes to embed."""
FIELDS = ("external_id", "url", "title", "text", "source", "lang")


ERRORS: Mapping[str, type[errors.ServiceError]] = {
    "malformed_json": errors.InvalidInput,
    "invalid_parameter": errors.InvalidInput,
    "unauthenticated": errors.NotAllowed,
    "forbidden": errors.NotAllowed,
    "not_found": errors.NotFound,
    "payload_too_large": errors.TooLarge,
    "rate_limited": errors.Overloaded,
    "overloaded": errors.Overloaded,
    "not_ready": errors.NotReady,
    "storage_full": errors.StorageFull,
}
"""The way back from the codes of `api.problems`; any other is a plain ServiceError."""


class Client:
    """A running server, asked in the terms of Service; the first of `keys` is sent along.

    Raises what Service would raise, NotAllowed, and Unreachable where no such server answers.
    """

    def __init__(self, url: str, keys: Sequence[str] = ()) -> None:
        self._url = url
        headers = {"Authorization": f"Bearer {keys[0]}"} if keys else {}
        try:
            self._http = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT)
        except httpx.InvalidURL as error:
            raise errors.InvalidInput(f"{url!r} is no address: {error}") from None

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def ask(self, request: AskRequest) -> AskResponse:
        """The answer to a question, with its citations and the best passages."""
        return self._reply(AskResponse, "POST", "/v1/ask", **_content(_body(request), JSON))

    def search(self, request: SearchRequest) -> SearchResponse:
        """The passages that fit best."""
        return self._reply(SearchResponse, "POST", "/v1/search", **_content(_body(request), JSON))

    def add(self, articles: Sequence[ArticleIn]) -> list[WriteOut]:
        """Store articles, all or, where one of them is wrong, none."""
        body = b"[%s]" % b",".join(map(_body, articles))
        return self._reply(WritesOut, "POST", "/v1/articles", **_content(body, JSON)).data

    def add_each(self, articles: Sequence[Article]) -> Iterator[WriteOut | Exception]:
        """Store what can be stored, with a result or the reason for each in its order."""
        body = _content(b"".join(map(_line, articles)), "application/jsonl")
        response = self._send("POST", "/v1/articles/import", timeout=IMPORT_TIMEOUT, **body)
        results = response.content.splitlines()
        yield from map(self._result, results)
        if len(results) < len(articles):
            raise errors.Unreachable(
                f"{self._url} answered for {len(results)} of {len(articles)} articles, then stopped"
            )

    def articles(self, limit: int, cursor: str | None = None) -> ArticleList:
        """A page of what is stored, in the order of ids."""
        query: dict[str, str | int] = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        return self._reply(ArticleList, "GET", "/v1/articles", params=query)

    def article(self, key: str) -> ArticleOut:
        """One article with its text; raises NotFound."""
        return self._reply(ArticleOut, "GET", _path(key))

    def text(self, key: str) -> str:
        """One article's text, exactly as stored; raises NotFound."""
        return self._send("GET", f"{_path(key)}/text").content.decode()

    def delete(self, key: str) -> None:
        """Remove an article for good; raises NotFound."""
        self._send("DELETE", _path(key))

    def about(self) -> About:
        """What runs there."""
        return self._reply(About, "GET", "/version")

    def measured(self, name: str, **labels: str) -> float | None:
        """A figure of its /metrics, None where it has none such."""
        text = self._send("GET", "/metrics").content.decode()
        samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
        found = [one.value for one in samples if (one.name, one.labels) == (name, labels)]
        return found[0] if found else None

    # -- inside -------------------------------------------------------------------------------

    def _reply(self, model: type[Reply], method: str, path: str, **options: Any) -> Reply:
        return self._checked(model, self._json(self._send(method, path, **options).content))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.UnsupportedProtocol:
            raise errors.InvalidInput(
                f"{self._url!r} is no address: it must start with http:// or https://"
            ) from None
        except httpx.HTTPError as error:
            raise errors.Unreachable(f"cannot reach {self._url}: {error}") from error
        if not response.is_success:
            raise self._refused(response)
        return response

    def _refused(self, response: httpx.Response) -> errors.ServiceError:
        kind = response.headers.get("content-type", "").partition(";")[0]
        if kind != MEDIA_TYPE:
            return errors.Unreachable(
                f"{self._url} answers with HTTP {response.status_code}, and not as this server does"
            )
        return _error(self._checked(Problem, self._json(response.content)))

    def _result(self, line: bytes) -> WriteOut | Exception:
        found = self._json(line)
        if "error" in found:
            return _error(self._checked(Problem, found["error"]))
        return WriteOut(**self._checked(LineOut, found).model_dump(exclude={"line"}))

    def _json(self, data: bytes) -> Mapping[str, object]:
        try:
            found = json.loads(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise errors.Unreachable(f"{self._url} does not answer as this server does")
        return found

    def _checked(self, model: type[Reply], value: object) -> Reply:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            raise errors.Unreachable(
                f"{self._url} answers as another version would: {error.errors()[0]['msg']}"
            ) from None


def _error(problem: Problem) -> errors.ServiceError:
    kind = ERRORS.get(problem.code, errors.ServiceError)
    if kind is errors.InvalidInput:
        pointer = problem.errors[0].pointer if problem.errors else ""
        return errors.InvalidInput(problem.detail, pointer=pointer)
    return kind(problem.detail)


def _body(value: BaseModel) -> bytes:
    return value.model_dump_json(by_alias=True, exclude_none=True).encode()


def _content(body: bytes, kind: str) -> dict[str, Any]:
    return {"content": body, "headers": {"Content-Type": kind}}


def _line(article: Article) -> bytes:
    fields = {name: getattr(article, name) for name in FIELDS}
    moment = article.published_at
    fields["published_at"] = moment and moment.isoformat()
    given = {name: value for name, value in fields.items() if value is not None}
    return json.dumps(given, ensure_ascii=False).encode() + b"\n"


def _path(key: str) -> str:
    return f"/v1/articles/{quote(key, safe='')}"
