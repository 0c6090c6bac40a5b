"""The page in a real browser, on the real application; only the weights are left out."""

import json
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    Response,
    Route,
    expect,
    sync_playwright,
)

from api.app import create_app
from api.service import Service
from api.settings import Settings
from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.types import Article
from qa.calibrate import FEATURES, Calibration
from qa.pipeline import Pipeline
from qa.read import SentenceReader
from qa.retrieve import HybridRetriever

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]

SEEDS = Path(__file__).parents[2] / "seeds"
SEED = (SEEDS / "aleppo-geneva-talks.txt").read_text()
TITLE = "Syria army pounds Aleppo rebels as US, Russia to meet"
GENEVA = "who is meeting in Geneva?"
TALKS = (
    "US officials will meet tomorrow with their Russian counterparts in Geneva to try to stop "
    "Aleppo “being absolutely, completely destroyed”, US Secretary of State John Kerry said."
)
LANDED = "The probe Halcyon landed on Titan on Tuesday evening."
ASTRAL = Article(
    "art_astral",
    f"\U0001f680\U0001f30d Rockets!\n\nThe \U0001f468‍\U0001f469‍\U0001f467 families watched "
    f"\U0001d4d0\U0001d4d1 from the beach. {LANDED} The next one follows in May.",
    title="Rocket \U0001f680 news",
    source="Wire",
    lang="fr",
    published_at=datetime(2024, 2, 29, tzinfo=UTC),
)
ATTACK = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
HOSTILE = Article(
    "art_hostile",
    f"The mayor of Quimper resigned over the harbour scandal. {ATTACK} He denied it. {'x' * 300}",
    title=f"Quimper {ATTACK}",
    url="javascript:document.title='owned'",
    source=f"<b>Wire</b> {'y' * 120}",
    lang="en",
)
GENEVA_AGAIN = Article(
    "art_geneva",
    "Watchmakers show in Geneva what they made. Whoever wants to buy comes.",
    title="Watchmakers gather",
    url="https://news.example/watches?a=1&b=2",
    source="Wire",
    lang="en",
    published_at=datetime(2024, 3, 1, tzinfo=UTC),
)
KERRY = Article(
    "art_kerry",
    SEED,
    TITLE,
    source="AFP",
    lang="en",
    published_at=datetime(2016, 12, 8, tzinfo=UTC),
)
COVERAGE = Calibration(
    weights=dict.fromkeys(FEATURES, 0.0) | {"sentence_coverage": 12.0}, bias=-6.0, threshold=0.5
)
"""An answer is as sure as its sentence has the question's words: known before, not fitted."""


@contextmanager
def serving(data: Path, *articles: Article, **settings: Any) -> Iterator[str]:
    """The application on a port of its own, until the block ends."""
    with_settings = Settings(data=data, **settings)
    corpus = Corpus.open(data, HashingEmbedder())
    assert len(list(corpus.add(articles))) == len(articles)
    pipeline = Pipeline(HybridRetriever(corpus), SentenceReader(corpus, COVERAGE))
    app = create_app(with_settings, Service(corpus, pipeline, with_settings))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        corpus.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    articles = (KERRY, GENEVA_AGAIN, ASTRAL, HOSTILE)
    with serving(tmp_path_factory.mktemp("web"), *articles) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def tab(browser: Browser, site: str, **options: Any) -> Iterator[Page]:
    """A fresh tab, in which nothing goes wrong unnoticed until the block ends."""
    context = browser.new_context(base_url=site, **options)
    context.set_default_timeout(20_000)  # milliseconds; machines may be busy
    page = context.new_page()
    with watched(page, site):
        yield page
    context.close()


NOT_OURS = ("Failed to load resource", "Autofocus processing was blocked")
"""What the browser itself logs: answers of 400 and more, which some tests are about, and that a
test has clicked somewhere before the page was complete."""


@dataclass
class Complaints:
    """What goes wrong in a tab: errors, words in the console, foreign requests, missing assets."""

    site: str
    heard: list[str] = field(default_factory=list)

    def on_error(self, error: Error) -> None:
        self.heard.append(str(error))

    def on_console(self, message: ConsoleMessage) -> None:
        if not message.text.startswith(NOT_OURS):
            self.heard.append(message.text)

    def on_request(self, request: Request) -> None:
        if not request.url.startswith(f"{self.site}/"):
            self.heard.append(f"asked for {request.url}")

    def on_response(self, response: Response) -> None:
        if response.status >= 400 and "/v1/" not in response.url:
            self.heard.append(f"{response.status} for {response.url}")


@contextmanager
def watched(page: Page, site: str) -> Iterator[None]:
    """Nothing may go wrong in this tab until the block ends."""
    complaints = Complaints(site)
    page.on("pageerror", complaints.on_error)
    page.on("console", complaints.on_console)
    page.on("request", complaints.on_request)
    page.on("response", complaints.on_response)
    yield
    assert complaints.heard == []
    page.remove_listener("pageerror", complaints.on_error)
    page.remove_listener("console", complaints.on_console)
    page.remove_listener("request", complaints.on_request)
    page.remove_listener("response", complaints.on_response)


@pytest.fixture(scope="module")
def shared(browser: Browser, site: str) -> Iterator[Page]:
    with tab(browser, site) as page:
        yield page


@pytest.fixture
def page(shared: Page, site: str) -> Iterator[Page]:
    """One tab for most tests, since a new one takes longer than a test; each begins with `goto`."""
    with watched(shared, site):
        yield shared
    shared.unroute_all()
    shared.context.set_offline(False)


def ask(page: Page, question: str) -> None:
    page.get_by_role("searchbox", name="Your question").fill(question)
    page.get_by_role("button", name="Ask").click()


def marks(page: Page, where: str) -> str:
    return "".join(page.locator(f"{where} mark").all_text_contents())


def expect_query(page: Page, wanted: dict[str, list[str]]) -> None:
    """Wait for it: the browser tells of a new address some time after the page has set it."""
    page.wait_for_url(lambda url: parse_qs(urlsplit(url).query) == wanted)


def pane(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_a_question_gets_the_sentence_and_its_place(page: Page) -> None:
    page.goto("/")
    ask(page, GENEVA)
    expect(page.locator("#answer blockquote")).to_have_text(TALKS)
    assert marks(page, "#passages li:first-child") == TALKS
    passage = page.locator("#passages li").first
    expect(passage.get_by_role("heading")).to_have_text(TITLE)
    expect(passage.locator(".byline")).to_have_text("AFP8 December 2016")


def test_the_confidence_is_given_in_words_and_as_a_number(page: Page, site: str) -> None:
    """Shown for figures of our choice, put into the service's own JSON."""
    reply = httpx.get(f"{site}/v1/ask", params={"q": GENEVA}).json()
    words = {
        0.9999: "Almost certainly right, 99%",
        0.9: "Almost certainly right, 90%",
        0.89: "Probably right, 89%",
        0.5: "More likely right than not, 50%",
        0.123: "Unsure, 12%",
    }
    page.route("**/v1/ask", lambda route: route.fulfill(json=reply))
    for confidence, text in words.items():
        reply["answers"][0]["confidence"] = confidence
        page.goto("/?q=who+is+meeting+in+Geneva%3F")
        expect(page.locator(".certainty")).to_have_text(text)


def test_the_first_example_asks_by_a_click(page: Page) -> None:
    page.goto("/")
    page.get_by_role("region", name="For example").get_by_role("link").first.click()
    expect(page.locator("#answer blockquote")).to_have_text(TALKS)
    expect(page.get_by_role("region", name="For example")).to_be_hidden()
    expect_query(page, {"q": [GENEVA]})


def test_every_example_is_a_question_that_is_tested_on_the_seeds(page: Page) -> None:
    lines = (SEEDS / "questions.jsonl").read_text().splitlines()
    page.goto("/")
    examples = page.get_by_role("region", name="For example").get_by_role("link")
    expect(examples).to_have_count(5)
    for example in examples.all():
        question = example.text_content()
        assert question in [json.loads(line)["question"] for line in lines]
        assert parse_qs(urlsplit(example.get_attribute("href")).query) == {"q": [question]}


def test_the_article_opens_where_the_sentence_stands(page: Page) -> None:
    page.goto("/?q=who+is+meeting+in+Geneva%3F")
    page.get_by_role("link", name="Read in the article").click()
    expect(pane(page).get_by_role("heading", name=TITLE)).to_have_count(1)
    assert marks(page, "#article") == TALKS
    # The two lines that only repeat the title are left out, and nothing else is.
    shown = "".join(page.locator("#article .prose").all_text_contents())
    kept = SEED.removeprefix(f"{TITLE}\n\n{TITLE}\n")
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", kept)


def test_an_article_is_scrolled_to_its_sentence(page: Page) -> None:
    page.goto("/?q=who+had+seen+bodies+in+the+streets+of+one+neighbourhood%3F")
    page.get_by_role("link", name="Read in the article").click()
    expect(page.locator("#article mark")).to_contain_text("to retrieve the dead.")
    expect(page.locator("#article mark")).to_be_in_viewport(ratio=1)
    expect(page.locator("#article h2")).not_to_be_in_viewport()


def test_a_click_on_the_text_of_a_passage_opens_it_too(page: Page) -> None:
    page.goto("/?q=who+is+meeting+in+Geneva%3F")
    page.locator("#passages li").first.locator("mark").click()
    expect(pane(page)).to_be_visible()
    assert marks(page, "#article") == TALKS


def test_offsets_are_exact_after_characters_beyond_the_first_plane(page: Page) -> None:
    page.goto("/?q=when+did+the+probe+Halcyon+land+on+Titan%3F")
    expect(page.locator("#answer blockquote")).to_have_text(LANDED)
    assert marks(page, "#passages li:first-child") == LANDED
    page.get_by_role("link", name="Read in the article").click()
    expect(pane(page)).to_be_visible()
    assert marks(page, "#article") == LANDED
    start = ASTRAL.text.index(LANDED)
    at = f"at={start}-{start + len(LANDED)}"
    page.wait_for_url(lambda url: at in urlsplit(url).query.split("&"))


def test_an_answer_within_its_sentence_is_marked_twice(page: Page) -> None:
    """No reader gives such answers yet: the service's own JSON, with the answer cut shorter."""

    def shorten(route: Route) -> None:
        reply = route.fetch()
        body = reply.json()
        answer, start = body["answers"][0], ASTRAL.text.index("Titan")
        answer["text"] = "Titan"
        answer["citation"] |= {"start": start, "end": start + len("Titan")}
        route.fulfill(response=reply, json=body)

    page.route("**/v1/ask", shorten)
    page.goto("/?q=when+did+the+probe+Halcyon+land+on+Titan%3F")
    expect(page.locator("blockquote mark.exact")).to_have_text("Titan")
    assert marks(page, "#passages li:first-child") == LANDED
    assert marks(page, "#passages li:first-child .prose p") == LANDED
    page.get_by_role("link", name="Read in the article").click()
    expect(page.locator("#article mark.exact")).to_have_text("Titan")
    assert marks(page, "#article") == LANDED


def test_all_of_it_works_by_keyboard(page: Page) -> None:
    page.goto("/")
    question = page.get_by_role("searchbox", name="Your question")
    expect(question).to_be_focused()
    page.keyboard.type(GENEVA)
    page.keyboard.press("Enter")
    stops = page.locator("#results .open")
    expect(stops).to_have_count(6)  # the answer and five passages
    for key, stop in (("ArrowDown", 0), ("j", 1), ("ArrowDown", 2), ("k", 1), ("ArrowUp", 0)):
        page.keyboard.press(key)
        expect(stops.nth(stop)).to_be_focused()
    page.keyboard.press("Enter")
    expect(pane(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(pane(page)).to_be_hidden()
    expect(stops.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("o")
    expect(pane(page)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(question).to_be_focused()
    expect(question).to_have_value(GENEVA)
    page.keyboard.press("Escape")
    expect(question).to_have_value("")


@pytest.mark.parametrize(
    "at_once",
    [
        "pane.close(); next.click()",
        "pane.addEventListener('close', () => next.click(), { once: true }); pane.close()",
    ],
    ids=["before the page hears of it", "while the browser goes back"],
)
@pytest.mark.parametrize("stop", [0, 2], ids=["the same place", "another place"])
def test_an_article_opened_as_another_closes_stays_open(
    page: Page, at_once: str, stop: int
) -> None:
    page.goto("/?q=who+is+meeting+in+Geneva%3F")
    stops = page.locator("#results .open")
    stops.nth(0).click()
    expect(pane(page)).to_be_visible()
    page.evaluate(
        "([code, stop]) => new Function('pane', 'next', code)("
        "document.getElementById('pane'), document.querySelectorAll('#results .open')[stop])",
        [at_once, stop],
    )
    wanted = urlsplit(str(stops.nth(stop).get_attribute("href"))).query
    page.wait_for_url(lambda url: urlsplit(url).query == wanted)
    page.wait_for_timeout(300)
    expect(pane(page)).to_be_visible()


def test_shortcut_letters_can_be_typed_while_the_page_is_loading(page: Page) -> None:
    held: list[Route] = []
    page.route("**/v1/articles?*", lambda route: held.append(route))
    page.goto("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("jko/jk")
    held[0].continue_()
    expect(page.locator("#holdings")).to_have_text("4 articles")
    expect(page.get_by_role("searchbox")).to_have_value("jko/jk")


def test_what_is_typed_before_the_script_has_come_is_kept(page: Page) -> None:
    held: list[Route] = []
    page.route("**/static/app.js", lambda route: held.append(route))
    page.goto("/", wait_until="commit")
    page.get_by_role("searchbox").fill(GENEVA)
    held[0].continue_()
    expect(page.locator("#holdings")).to_have_text("4 articles")
    expect(page.get_by_role("searchbox")).to_have_value(GENEVA)


def test_filters_narrow_and_stand_in_the_address(page: Page) -> None:
    page.goto("/?q=who+is+meeting+in+Geneva%3F")
    expect(page.locator("#answer blockquote")).to_have_text(TALKS)
    page.get_by_text("Filters").click()
    page.get_by_label("Source").fill("Wire")
    page.get_by_label("Source").press("Enter")
    expect(page.locator("#answer blockquote")).to_have_text(
        "Watchmakers show in Geneva what they made."
    )
    expect_query(page, {"q": [GENEVA], "source": ["Wire"]})
    page.get_by_label("From").fill("2024-03-02")
    page.get_by_label("From").press("Enter")
    expect(page.get_by_role("heading", name="No answer in these articles")).to_be_visible()
    page.get_by_role("link", name="Ask again without filters").click()
    expect(page.locator("#answer blockquote")).to_have_text(TALKS)


def test_the_day_of_the_filter_to_is_included(page: Page) -> None:
    page.goto("/?q=who+is+meeting+in+Geneva%3F&source=Wire&from=2024-03-01&to=2024-03-01")
    expect(page.locator("#passages li h3")).to_have_text([GENEVA_AGAIN.title])
    expect(page.get_by_label("To", exact=True)).to_have_value("2024-03-01")


def test_the_language_can_be_chosen_where_there_is_more_than_one(page: Page) -> None:
    page.goto("/?q=who+is+meeting+in+Geneva%3F")
    page.get_by_text("Filters").click()
    language = page.get_by_label("Language")
    expect(language.locator("option")).to_have_text(["Any", "en", "fr"])
    language.select_option("fr")
    expect(page.locator("#passages li h3")).to_have_text([ASTRAL.title])


def test_one_language_is_no_choice(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, KERRY) as site, tab(browser, site) as page:
        page.goto("/")
        expect(page.locator("#holdings")).to_have_text("1 article")
        page.get_by_text("Filters").click()
        expect(page.get_by_label("Source")).to_be_visible()
        expect(page.get_by_label("Language")).to_be_hidden()


def test_no_answer_is_said_with_the_closest_passages(page: Page, site: str) -> None:
    question = "who won the world cup in Aleppo?"
    closest = httpx.get(f"{site}/v1/ask", params={"q": question, "limit": 5}).json()["passages"]
    page.goto("/")
    ask(page, question)
    expect(page.get_by_role("heading", name="No answer in these articles")).to_be_visible()
    expect(page.locator("#passages li h3")).to_have_text([passage["title"] for passage in closest])
    expect(page.get_by_role("link", name="Ask again without filters")).to_be_hidden()


def test_a_problem_shows_its_title_and_detail(page: Page, site: str) -> None:
    problem = httpx.get(f"{site}/v1/ask", params={"q": GENEVA, "from": "banana"}).json()
    page.goto("/?q=who+is+meeting+in+Geneva%3F&from=banana")
    expect(page.get_by_role("heading", name=problem["title"])).to_be_visible()
    expect(page.locator("#answer")).to_contain_text(problem["detail"])
    assert "/from" in problem["detail"]
    page.goto("/?q=who+is+meeting+in+Geneva%3F&from=banana&to=apple")
    expect(page.locator("#answer li")).to_contain_text(["/from", "/to"])


def test_an_unknown_article_is_a_problem_in_the_pane(page: Page) -> None:
    page.goto("/?article=art_unknown&at=1-2")
    expect(pane(page).get_by_role("heading", name="Not found")).to_be_visible()


def test_a_service_that_is_away_can_be_asked_again(page: Page) -> None:
    page.goto("/")
    page.context.set_offline(True)
    ask(page, GENEVA)
    expect(page.get_by_role("heading", name="The service is away")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#answer blockquote")).to_have_text(TALKS)


def test_waiting_is_shown(page: Page) -> None:
    held: list[Route] = []
    page.route("**/v1/ask", lambda route: held.append(route))
    page.goto("/?q=who+is+meeting+in+Geneva%3F")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    held[0].continue_()
    expect(page.locator("#answer blockquote")).to_have_text(TALKS)
    expect(page.locator("#results")).to_have_attribute("aria-busy", "false")


def test_only_the_last_question_is_answered(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.post_data_json["q"] == GENEVA:
            held.append(route)
        else:
            route.continue_()

    page.route("**/v1/ask", hold)
    page.goto("/?q=who+is+meeting+in+Geneva%3F")
    expect(page.locator("#results")).to_have_attribute("aria-busy", "true")
    ask(page, "when did the probe Halcyon land on Titan?")
    expect(page.locator("#answer blockquote")).to_have_text(LANDED)
    held[0].continue_()
    page.wait_for_timeout(100)
    expect(page.locator("#answer blockquote")).to_have_text(LANDED)


def test_back_and_forward_walk_through_questions_and_articles(page: Page) -> None:
    page.goto("/")
    ask(page, GENEVA)
    page.get_by_role("link", name="Read in the article").click()
    expect(pane(page)).to_be_visible()
    page.go_back()
    expect(pane(page)).to_be_hidden()
    ask(page, "when did the probe Halcyon land on Titan?")
    expect(page.locator("#answer blockquote")).to_have_text(LANDED)
    page.go_back()
    expect(page.locator("#answer blockquote")).to_have_text(TALKS)
    expect(page.get_by_role("searchbox")).to_have_value(GENEVA)
    page.go_back()
    expect(page.get_by_role("region", name="For example")).to_be_visible()
    expect(page.locator("#answer")).to_be_empty()
    page.go_forward()
    expect(page.locator("#answer blockquote")).to_have_text(TALKS)


def test_closing_an_article_leaves_no_trace_in_the_history(page: Page) -> None:
    page.goto("/")
    ask(page, GENEVA)
    page.get_by_role("link", name="Read in the article").click()
    page.get_by_role("button", name="Close").click()
    expect(pane(page)).to_be_hidden()
    page.wait_for_url(lambda url: "article" not in url)
    page.go_back()
    expect(page.get_by_role("region", name="For example")).to_be_visible()


def test_a_question_that_leans_on_the_last_one_is_shown_as_understood(
    browser: Browser, site: str
) -> None:
    with tab(browser, site) as page:
        page.goto("/")
        ask(page, GENEVA)
        expect(page.locator("#answer blockquote")).to_have_text(TALKS)
        ask(page, "what about Titan?")
        completed = page.locator("#answer .understood")
        expect(completed.locator("strong")).to_have_text("who is meeting in Titan?")
        expect(page.get_by_role("searchbox")).to_have_value("what about Titan?")
        expect_query(page, {"q": ["who is meeting in Titan?"]})
        page.reload()
        expect(page.locator("#passages li").first).to_be_visible()
        expect(completed).to_have_count(0)
        expect(page.get_by_role("searchbox")).to_have_value("who is meeting in Titan?")


def test_it_can_be_asked_exactly_as_typed(browser: Browser, site: str) -> None:
    with tab(browser, site) as page:
        page.goto("/")
        ask(page, GENEVA)
        expect(page.locator("#answer blockquote")).to_have_text(TALKS)
        ask(page, "and in Titan?")
        exactly = page.get_by_role("link", name="Ask exactly as typed")
        expect(page.locator("#answer .understood")).to_contain_text("who is meeting in Titan?")
        exactly.click()
        expect(exactly).to_be_hidden()
        expect(page.get_by_role("searchbox")).to_have_value("and in Titan?")
        page.go_back()
        expect(page.get_by_role("searchbox")).to_have_value("who is meeting in Titan?")


def test_an_address_can_be_shared_down_to_the_sentence(page: Page) -> None:
    start = SEED.index(TALKS)
    page.goto(f"/?article=art_kerry&at={start}-{start + len(TALKS)}")
    expect(page.locator("#article mark")).to_have_text(TALKS)
    page.get_by_role("button", name="Close").click()
    expect(pane(page)).to_be_hidden()
    expect_query(page, {})


def test_a_citation_can_be_copied(browser: Browser, site: str) -> None:
    start = SEED.index(TALKS)
    place = f"art_kerry[{start}:{start + len(TALKS)}]"
    citation = f"“{TALKS}” ({TITLE}, AFP, 8 December 2016; {place})"
    with tab(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.goto("/?q=who+is+meeting+in+Geneva%3F")
        page.locator("#answer").get_by_role("button", name="Copy citation").click()
        expect(page.locator("#answer").get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == citation
        page.evaluate("navigator.clipboard.writeText('')")
        page.get_by_role("link", name="Read in the article").click()
        pane(page).get_by_role("button", name="Copy citation").click()
        expect(pane(page).get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == citation


def test_a_citation_can_be_copied_where_the_clipboard_is_closed_to_scripts(
    browser: Browser, site: str
) -> None:
    """As on a page that came by plain http from another machine."""
    with tab(browser, site, permissions=["clipboard-read", "clipboard-write"]) as page:
        page.add_init_script("navigator.clipboard.writeText = () => Promise.reject()")
        page.goto("/?q=who+is+meeting+in+Geneva%3F")
        page.locator("#answer").get_by_role("button", name="Copy citation").click()
        expect(page.locator("#answer").get_by_role("button", name="Copied")).to_be_focused()
        assert page.evaluate("navigator.clipboard.readText()").startswith(f"“{TALKS}” ({TITLE}, ")


def test_what_an_article_says_is_never_more_than_text(page: Page) -> None:
    page.goto("/?q=who+resigned+over+the+harbour+scandal+in+Quimper%3F")
    expect(page.locator("#answer blockquote")).to_contain_text("The mayor of Quimper resigned")
    expect(page.locator("#passages li h3").first).to_have_text(HOSTILE.title)
    page.locator("#passages .open").first.click()
    expect(pane(page).get_by_role("heading")).to_have_text(HOSTILE.title)
    expect(page.locator("#article .prose")).to_contain_text(ATTACK)
    expect(page.locator("#article .byline")).to_contain_text("<b>Wire</b>")
    assert (
        page.locator("main script, main img, main b, dialog script, dialog img, dialog b").count()
        == 0
    )
    assert page.locator("a[href^=javascript]").count() == 0
    assert "owned" not in page.title()


def test_only_web_addresses_become_links(page: Page) -> None:
    page.goto("/?q=who+is+meeting+in+Geneva%3F&source=Wire")
    link = page.locator("#answer").get_by_role("link", name="Original at news.example")
    expect(link).to_have_attribute("href", GENEVA_AGAIN.url)
    expect(link).to_have_attribute("rel", "noopener noreferrer")


def test_assets_come_from_here_under_a_strict_policy(site: str) -> None:
    for path in ("/", "/static/app.js", "/static/style.css", "/static/favicon.svg"):
        response = httpx.get(site + path)
        assert response.status_code == 200
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert "unsafe" not in response.headers["content-security-policy"]


def test_a_key_is_asked_for_and_kept_for_the_tab(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path, KERRY, api_keys=("sesame",)) as site, tab(browser, site) as page:
        page.goto("/?q=who+is+meeting+in+Geneva%3F")
        key = page.get_by_label("This service asks for an API key")
        key.fill("wrong")
        key.press("Enter")
        expect(
            page.locator("#answer").get_by_role("heading", name="A key is needed")
        ).to_be_visible()
        expect(key).to_be_visible()
        key.fill("sesame")
        key.press("Enter")
        expect(page.locator("#answer blockquote")).to_have_text(TALKS)
        expect(key).to_be_hidden()
        page.reload()
        expect(page.locator("#answer blockquote")).to_have_text(TALKS)
        assert "sesame" in page.evaluate("Object.values(sessionStorage)")
        assert page.evaluate("localStorage.length") == 0


def test_an_empty_collection_says_how_to_fill_it(browser: Browser, tmp_path: Path) -> None:
    with serving(tmp_path) as site, tab(browser, site) as page:
        page.goto("/")
        expect(page.get_by_role("heading", name="There are no articles yet")).to_be_visible()
        expect(page.locator("#empty")).to_contain_text("qa ingest PATH")
        expect(page.locator("#empty")).to_contain_text(f"curl {site}/v1/articles")
        expect(page.get_by_role("region", name="For example")).to_be_hidden()


CONTRAST = """() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const over = (colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility()) continue;
    const chain = [];
    for (let at = element; at; at = at.parentElement) {
      chain.unshift(getComputedStyle(at).backgroundColor);
    }
    const ink = light(over([getComputedStyle(element).color]));
    const paper = light(over(["white", ...chain]));
    const ratio = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
    if (ratio < 4.5) poor.push(`${element.outerHTML.slice(0, 80)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_the_contrast_of_wcag_aa(browser: Browser, site: str, scheme: Any) -> None:
    with tab(browser, site, color_scheme=scheme) as page:
        for address in ("/", "/?q=who+is+meeting+in+Geneva%3F", "/?q=who+won+the+world+cup%3F"):
            page.goto(address)
            page.get_by_text("Filters").click()
            expect(page.locator("#holdings")).to_have_text("4 articles")
            expect(page.locator("#results")).to_have_attribute("aria-busy", "false")
            assert page.evaluate(CONTRAST) == []
        page.locator("#passages .open").first.click()
        expect(pane(page)).to_be_visible()
        assert page.evaluate(CONTRAST) == []


def test_dark_is_dark_and_light_is_light(browser: Browser, site: str) -> None:
    seen = {}
    for scheme in ("light", "dark"):
        with tab(browser, site, color_scheme=scheme) as page:
            page.goto("/")
            colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
            seen[scheme] = sum(int(part) for part in re.findall(r"\d+", colour)) / 3
    assert seen["light"] > 240
    assert seen["dark"] < 40


@pytest.mark.parametrize("width", [320, 640, 1000, 1920])
def test_nothing_has_to_be_scrolled_sideways(browser: Browser, site: str, width: int) -> None:
    sideways = """() => [document.documentElement, document.querySelector("dialog")]
        .some((box) => box.scrollWidth > Math.min(box.clientWidth, innerWidth))"""
    with tab(browser, site, viewport={"width": width, "height": 640}) as page:
        page.goto("/")
        page.get_by_text("Filters").click()
        assert not page.evaluate(sideways)
        page.goto("/?q=who+resigned+over+the+harbour+scandal+in+Quimper%3F")
        expect(page.locator("#answer blockquote")).to_be_visible()
        assert not page.evaluate(sideways)
        page.locator("#passages .open").first.click()
        expect(pane(page)).to_be_visible()
        assert not page.evaluate(sideways)


def test_nothing_moves_for_who_asked_for_no_motion(browser: Browser, site: str) -> None:
    moving = {}
    for wish in ("no-preference", "reduce"):
        with tab(browser, site, reduced_motion=wish) as page:
            page.goto("/?article=art_kerry")
            expect(pane(page)).to_be_visible()
            moving[wish] = pane(page).evaluate("(pane) => getComputedStyle(pane).animationName")
    assert moving == {"no-preference": "slide", "reduce": "none"}


def test_the_answer_is_announced_and_every_field_is_named(page: Page) -> None:
    page.goto("/?q=who+is+meeting+in+Geneva%3F")
    expect(page.locator("#answer")).to_have_attribute("aria-live", "polite")
    unnamed = """[...document.querySelectorAll("input, select")]
        .filter((field) => !field.labels.length).length"""
    assert page.evaluate(unnamed) == 0
    for landmark in ("banner", "main", "search", "contentinfo"):
        expect(page.get_by_role(landmark)).to_have_count(1)
