"""The question box on a page of another site, in a real browser."""

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from api.service import Service
from api.settings import Settings
from index.corpus import Corpus
from index.identity import new_article

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]

EXAMPLE = (Path(__file__).parents[2] / "examples/widget.html").read_text()
GENEVA = "who will meet tomorrow in Geneva?"
TALKS = "US officials will meet tomorrow with their Russian counterparts in Geneva, Kerry said."
ATTACK = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"


@dataclass
class Site:
    """A site of somebody else's with one page on it."""

    origin: str
    html: str = ""
    policy: str = ""


@pytest.fixture
def site() -> Iterator[Site]:
    found: list[Site] = []

    class Serving(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/" else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if found[0].policy:
                self.send_header("Content-Security-Policy", found[0].policy)
            self.end_headers()
            self.wfile.write(found[0].html.encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
    # Not 127.0.0.1, which would be the same site on another port.
    found.append(Site(f"http://localhost:{server.server_port}"))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield found[0]
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(tmp_path: Path, site: Site) -> Settings:
    """The service lists the site."""
    return Settings(data=tmp_path / "data", cors_origins=(site.origin,))


@pytest.fixture
def service(service: Service, corpus: Corpus) -> Service:
    """With an article that tries to act."""
    attack = new_article(
        external_id="attack",
        title=f"Mayor {ATTACK}",
        text=f"The mayor of Quimper resigned {ATTACK} over the scandal.",
        source=ATTACK,
    )
    list(corpus.add([attack]))
    return service


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


Open = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Open]:
    """The example's page at the site, with the service at an address, and more `data-*`."""
    contexts = []

    def open_page(address: str, more: str = "", **options: object) -> Page:
        site.html = EXAMPLE.replace("http://127.0.0.1:8000", address).replace(
            " data-label", f" {more} data-label"
        )
        context = browser.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{site.origin}/")
        return page

    yield open_page
    for context in contexts:
        context.close()


def ask(page: Page, question: str) -> None:
    page.get_by_role("searchbox", name="Ask our archive").fill(question)
    page.get_by_role("button", name="Ask", exact=True).click()


def test_a_page_of_another_site_shows_the_cited_answer(visit: Open, url: str) -> None:
    page = visit(url)
    ask(page, GENEVA)
    expect(page.locator("blockquote")).to_have_text(TALKS)
    expect(page.locator("mark")).to_have_text(TALKS)
    link = page.get_by_role("link", name="US, Russia to meet")
    expect(link).to_have_attribute("href", "https://example.org/aleppo")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(page.locator(".from").first).to_have_text("US, Russia to meetAFP8 December 2016")


def test_a_question_that_leans_on_the_last_one_is_shown_as_understood(
    visit: Open, url: str
) -> None:
    page = visit(url)
    ask(page, GENEVA)
    expect(page.locator("blockquote")).to_have_text(TALKS)
    ask(page, "and in Aleppo?")
    understood = page.get_by_text("Understood as: ")
    expect(understood.locator("strong")).to_have_text("who will meet tomorrow in Aleppo?")
    page.get_by_role("button", name="Ask exactly as typed").click()
    expect(understood).to_have_count(0)
    expect(page.locator(".result > *").first).to_be_visible()


def test_an_article_without_an_address_opens_at_the_service(visit: Open, url: str) -> None:
    page = visit(url)
    ask(page, "when did the harbour of Östmere reopen?")
    link = page.get_by_role("link", name="Harbour reopens")
    with page.expect_popup() as opened:
        link.click()
    assert opened.value.url.startswith(f"{url}/?article=art_")
    marks = opened.value.locator("#article mark")
    expect(marks).to_have_text(
        "The harbour of Östmere reopened on Monday after a strike of nine days."
    )


def test_no_answer_shows_the_closest_passages(visit: Open, url: str) -> None:
    page = visit(url)
    ask(page, "who won the world cup?")
    expect(page.get_by_role("status")).to_contain_text("No answer was found in the articles.")
    expect(page.get_by_role("listitem")).to_have_count(3)


def test_text_of_an_article_is_shown_as_text(visit: Open, url: str) -> None:
    page = visit(url)
    ask(page, "why did the mayor of Quimper resigned scandal?")
    expect(page.locator("blockquote")).to_contain_text(f"resigned {ATTACK} over")
    expect(page.locator(".from").first).to_contain_text(ATTACK)
    assert page.locator(".result img, .result b").count() == 0
    assert page.title() == "A page with the question box"


def test_a_site_that_is_not_listed_is_refused(visit: Open, url: str, site: Site) -> None:
    site.origin = site.origin.replace("localhost", "127.0.0.1")
    page = visit(url)
    ask(page, GENEVA)
    expect(page.get_by_role("status")).to_have_text("The service cannot be reached from this page.")


def test_a_key_lets_the_page_ask(visit: Open, locked_url: str) -> None:
    page = visit(locked_url)
    ask(page, GENEVA)
    expect(page.get_by_role("status")).to_contain_text("it has no key for the service")
    page = visit(locked_url, 'data-key="secret"')
    ask(page, GENEVA)
    expect(page.locator("blockquote")).to_have_text(TALKS)


def test_all_of_it_works_by_keyboard(visit: Open, url: str) -> None:
    page = visit(url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(GENEVA)
    page.keyboard.press("Enter")
    expect(page.locator("blockquote")).to_have_text(TALKS)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link")).to_be_focused()


def test_an_empty_question_is_not_asked(visit: Open, url: str) -> None:
    page = visit(url)
    ask(page, "   ")
    expect(page.get_by_role("status")).to_be_empty()


def test_it_fits_a_phone_and_the_dark(visit: Open, url: str) -> None:
    phone = {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}
    page = visit(url, **phone)
    ask(page, "why did the mayor of Quimper resigned scandal?")
    expect(page.locator("blockquote")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    colour = "e => getComputedStyle(e).backgroundColor"
    assert page.locator("section").evaluate(colour) == "rgb(22, 23, 26)"
    light = visit(url, 'data-theme="light"', **phone)
    assert light.locator("section").evaluate(colour) == "rgb(253, 252, 249)"
    box = page.get_by_role("button").bounding_box()
    assert box is not None
    assert box["height"] >= 44


def test_it_goes_where_it_is_wanted_and_filters(visit: Open, url: str) -> None:
    page = visit(url, 'data-target="h1" data-source="Gazette" data-theme="dark"')
    assert page.locator("h1 section").count() == 1
    ask(page, "when did the harbour of Östmere reopen?")
    expect(page.locator(".from").first).to_contain_text("Gazette")


def test_it_needs_nothing_that_a_strict_page_forbids(visit: Open, url: str, site: Site) -> None:
    site.policy = f"default-src 'none'; script-src {url}; connect-src {url}"
    page = visit(url)
    ask(page, GENEVA)
    expect(page.locator("blockquote")).to_have_text(TALKS)
    assert page.locator("section").evaluate("e => getComputedStyle(e).borderStyle") == "solid"


def test_it_asks_nobody_but_the_service(visit: Open, url: str, site: Site) -> None:
    page = visit(url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    ask(page, GENEVA)
    expect(page.locator("blockquote")).to_have_text(TALKS)
    page.reload()
    assert {one.partition("/static")[0].partition("/v1")[0].rstrip("/") for one in asked} <= {
        url,
        site.origin,
    }
