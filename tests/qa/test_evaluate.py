from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from index.corpus import Corpus
from index.embedders.hashing import HashingEmbedder
from index.identity import article_id
from index.types import Article
from qa.calibrate import FEATURES, Calibration
from qa.evaluate import Setting, evaluate, holds_answer, scope
from qa.pipeline import Pipeline
from qa.questions import Dataset, Gold, Question, remove_articles
from qa.read import SentenceReader
from qa.retrieve import HybridRetriever, Weights

GENEVA = "The rain stopped on Friday. US officials meet their Russian counterparts in Geneva."
PARIS = "Kerry was in Paris on Saturday. He flew home later."
ALEPPO = "The army captured 85 percent of east Aleppo. Nobody could count the dead."
LEXICAL = Weights(dense=0.0, sentence=0.0, lexical=1.0)

Open = Callable[..., Pipeline]


def article(name: str, text: str, title: str = "") -> Article:
    return Article(id=article_id(name, None, text), text=text, title=title, external_id=name)


def question(name: str, text: str, paragraph: Article, *answers: str) -> Question:
    document = paragraph.external_id or ""
    golds = tuple(Gold(one, paragraph.text.index(one)) for one in answers)
    relevant = {document: 1} if answers else {}
    return Question(name, text, relevant, document, golds, frozenset({document}))


ARTICLES = (article("geneva", GENEVA), article("paris", PARIS), article("aleppo", ALEPPO))
MEETS = question("q1", "Who meets Russian counterparts in Geneva?", ARTICLES[0], "US officials")
WHERE = question("q2", "Where was Kerry on Saturday?", ARTICLES[1], "in Paris", "Paris")
MUCH = question("q3", "What share of Aleppo has the army captured?", ARTICLES[2], "85 percent")
NONE = question("q4", "Which team won the football cup?", ARTICLES[2])
SQUAD = Dataset("tiny", "squad", ARTICLES, (MEETS, WHERE, MUCH, NONE))
BEIR = Dataset(
    "tiny",
    "beir",
    ARTICLES,
    (
        Question("b1", "Kerry in Paris", {"paris": 2, "nowhere": 1}),
        Question("b2", "Who was captured in Aleppo?", {"aleppo": 1}),
        Question("b3", "never judged", {}),
    ),
    empty=1,
)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    corpora: dict[tuple[Article, ...], Corpus] = {}

    def open_pipeline(dataset: Dataset, threshold: float = 0.5) -> Pipeline:
        if dataset.articles not in corpora:
            corpus = Corpus.open(tmp_path_factory.mktemp("corpus"), HashingEmbedder())
            corpora[dataset.articles] = corpus
            assert len(list(corpus.add(dataset.articles))) == len(dataset.articles)
        corpus = corpora[dataset.articles]
        weights = dict.fromkeys(FEATURES, 0.0) | {"sentence_coverage": 8.0}
        reader = SentenceReader(corpus, Calibration(weights, -4.0, threshold))
        return Pipeline(HybridRetriever(corpus, LEXICAL), reader)

    yield open_pipeline
    for corpus in corpora.values():
        corpus.close()


def test_ranking_figures_average_over_the_judged_questions(pipeline: Open) -> None:
    report = evaluate(BEIR, pipeline(BEIR))
    # b1: the document that is relevant by 2 comes first, the one by 1 does not exist.
    ideal = 2 + 1 * 0.6309297535714575
    assert report.metrics == pytest.approx(
        {
            "ndcg@10": (2 / ideal + 1) / 2,
            "mrr@10": 1.0,
            "recall@1": 0.75,
            "recall@5": 0.75,
            "recall@20": 0.75,
            "recall@100": 0.75,
        }
    )
    assert (report.queries, report.judged, report.documents, report.empty) == (3, 2, 3, 1)
    assert report.mode == "open"
    assert report.models == {"embed": "hashing-256"}
    assert report.seconds > 0


def test_an_open_run_on_answers_has_the_figures_of_both(pipeline: Open) -> None:
    report = evaluate(SQUAD, pipeline(SQUAD))
    assert list(report.metrics)[:6] == [
        "ndcg@10", "mrr@10", "recall@1", "recall@5", "recall@20", "recall@100",
    ]  # fmt: skip
    assert report.metrics["recall@1"] == 1.0
    assert report.judged == 3
    assert report.models == {"embed": "hashing-256", "read": "sentence"}


def test_a_whole_sentence_is_right_where_it_holds_the_answer(pipeline: Open) -> None:
    report = evaluate(SQUAD, pipeline(SQUAD))
    by_id = {one.question.id: one for one in report.outcomes}
    assert by_id["q1"].text == "US officials meet their Russian counterparts in Geneva."
    assert by_id["q1"].right
    assert by_id["q1"].sentence
    assert by_id["q2"].text == "Kerry was in Paris on Saturday."
    assert report.metrics["sentence"] == 1.0
    assert report.metrics["best_sentence"] == 1.0
    assert report.metrics["em"] == 0.25  # the question without an answer alone
    # words of answer and sentence: 2 of 8, 2 of 6 ("in Paris"), 2 of 7 without the article, none
    assert report.metrics["f1"] == pytest.approx((4 / 10 + 4 / 8 + 4 / 9 + 1) / 4)


def test_a_question_without_an_answer_is_right_only_when_none_is_given(pipeline: Open) -> None:
    report = evaluate(SQUAD, pipeline(SQUAD))
    last = report.outcomes[-1]
    assert (last.answered, last.right, last.text) == (False, False, "")
    assert report.metrics["answered_precision"] == 1.0
    assert report.metrics["answered_recall"] == 1.0
    assert report.metrics["no_answer_precision"] == 1.0
    assert report.metrics["no_answer_recall"] == 1.0


def test_answering_everything_costs_precision(pipeline: Open) -> None:
    report = evaluate(SQUAD, pipeline(SQUAD, threshold=0.0))
    assert report.metrics["answered_precision"] == 0.75
    assert report.metrics["answered_recall"] == 1.0
    assert report.metrics["no_answer_recall"] == 0.0
    assert report.metrics["sentence"] == 0.75
    assert report.metrics["em"] == 0.0


def test_answering_nothing_costs_recall(pipeline: Open) -> None:
    report = evaluate(SQUAD, pipeline(SQUAD, threshold=1.0))
    assert report.metrics["answered_precision"] == 0.0
    assert report.metrics["answered_recall"] == 0.0
    assert report.metrics["no_answer_precision"] == 0.25
    assert report.metrics["sentence"] == 0.25
    assert report.metrics["best_sentence"] == 1.0  # what was withheld was right
    assert report.metrics["em"] == report.metrics["f1"] == 0.25


def test_calibration_compares_the_best_answer_with_its_confidence(pipeline: Open) -> None:
    report = evaluate(SQUAD, pipeline(SQUAD))
    confidences = [one.confidence for one in report.outcomes]
    expected = sum(abs(a - b) for a, b in zip(confidences, [1, 1, 1, 0], strict=True)) / 4
    assert max(confidences[3:]) < 0.1 < min(confidences[:3]), "no bin mixes right and wrong"
    assert report.metrics["ece"] == pytest.approx(expected)


def test_a_closed_run_searches_the_given_paragraph_alone(pipeline: Open) -> None:
    elsewhere = replace(MEETS, paragraph="paris", relevant={"paris": 1}, answers=(Gold("He", 32),))
    dataset = replace(SQUAD, questions=(elsewhere, WHERE))
    report = evaluate(dataset, pipeline(dataset, threshold=0.0), closed=True)
    assert {name for one in report.outcomes for name, _ in one.hits} == {"paris"}
    assert report.outcomes[0].text in PARIS
    assert report.mode == "closed"
    assert "ndcg@10" not in report.metrics
    assert report.metrics["answered_recall"] >= 0.5


def test_a_removed_article_is_not_found_for_its_question_alone(pipeline: Open) -> None:
    dataset = remove_articles(SQUAD, 1.0)
    report = evaluate(dataset, pipeline(dataset, threshold=0.0))
    for one in report.outcomes[:3]:
        assert one.question.removed
        assert one.question.paragraph not in {name for name, _ in one.hits}
        assert not one.right
    assert report.judged == 0
    assert report.metrics["answered_precision"] == 0.0
    assert report.metrics["recall@1"] == 0.0


def test_a_question_for_which_nothing_is_left_has_no_answer_and_no_confidence(
    pipeline: Open,
) -> None:
    alone = replace(SQUAD, articles=ARTICLES[:1], questions=(MEETS,))
    dataset = remove_articles(alone, 1.0)
    report = evaluate(dataset, pipeline(dataset, threshold=0.0))
    (outcome,) = report.outcomes
    assert (outcome.span, outcome.hits) == (None, ())
    assert (outcome.confidence, outcome.answered) == (0.0, False)
    assert report.metrics["sentence"] == report.metrics["em"] == 1.0
    assert report.metrics["ece"] == 0.0


def test_a_document_ranks_by_its_best_passage(pipeline: Open) -> None:
    filler = " ".join(f"Line {number} says nothing of note about anything." for number in range(60))
    long = article("long", f"{filler} The comet returned over Lisbon at dawn. {filler}")
    short = article("short", "A comet is made of ice.")
    dataset = Dataset(
        "tiny", "beir", (short, long), (Question("q", "comet over Lisbon", {"long": 1}),)
    )
    report = evaluate(dataset, pipeline(dataset))
    assert report.outcomes[0].ranking == ("long", "short")
    assert "comet returned" in report.outcomes[0].hits[0][1].passage.text


def test_passages_are_asked_for_until_there_are_a_hundred_documents(pipeline: Open) -> None:
    body = " ".join(f"The harbour report number {number} mentions ships." for number in range(300))
    many = [article(f"d{number}", f"Harbour note {number}.") for number in range(110)]
    dataset = Dataset(
        "tiny",
        "beir",
        (*(article(f"long{number}", f"{number} {body}") for number in range(3)), *many),
        (Question("q", "harbour report", {"long0": 1}),),
    )
    found = pipeline(dataset)
    shallow = {hit.passage.article_id for hit in found.search("harbour report", k=100).hits}
    assert len(shallow) < 100, "otherwise this tests nothing"
    ranking = evaluate(dataset, found).outcomes[0].ranking
    assert len(ranking) >= 100
    assert len(set(ranking)) == len(ranking)
    assert set(ranking[: len(shallow)]) == {
        one.external_id for one in dataset.articles if one.id in shallow
    }


def test_equally_good_documents_rank_by_their_names(pipeline: Open) -> None:
    same = [article(name, "Ships wait in the harbour.") for name in ("c", "a", "b")]
    dataset = Dataset("tiny", "beir", tuple(same), (Question("q", "harbour", {"a": 1}),))
    assert evaluate(dataset, pipeline(dataset)).outcomes[0].ranking == ("a", "b", "c")


def test_a_setting_replaces_the_weights_of_the_pipeline(pipeline: Open) -> None:
    dense = Setting("dense", Weights(dense=1.0, sentence=0.0, lexical=0.0))
    found = pipeline(BEIR)
    report = evaluate(BEIR, found, setting=dense)
    assert report.setting == "dense"
    vector = found.retriever.corpus.embedder.embed_queries(["Kerry in Paris"])[0]
    hits, _ = found.retriever.retrieve("Kerry in Paris", vector, 100, weights=dense.weights)
    assert [hit.score for _, hit in report.outcomes[0].hits] == [hit.score for hit in hits]


def test_progress_sees_every_question_that_is_asked(pipeline: Open) -> None:
    seen: list[tuple[str, int]] = []

    def watch(items: object, label: str, total: int) -> object:
        seen.append((label, total))
        return items

    evaluate(BEIR, pipeline(BEIR), progress=watch)  # type: ignore[arg-type]
    assert seen == [("default", 2)]


def test_a_piece_is_right_where_it_overlaps_a_right_answer_in_its_paragraph() -> None:
    start = MEETS.answers[0].start
    assert holds_answer(MEETS, "geneva", (start, start + 1))
    assert holds_answer(MEETS, "geneva", (0, start + 1))
    assert not holds_answer(MEETS, "geneva", (0, start))
    assert not holds_answer(MEETS, "geneva", (MEETS.answers[0].end, 999))
    assert not holds_answer(MEETS, "paris", (0, 999))


def test_a_long_list_of_removed_paragraphs_is_cut_into_several() -> None:
    siblings = frozenset(f"p{number}" for number in range(1500))
    where = scope(replace(MEETS, siblings=siblings, removed=True))
    assert where is not None
    parts = where["not"]["or"]  # type: ignore[index]
    assert [len(one["external_id"]["in"]) for one in parts] == [1000, 500]
    assert {name for one in parts for name in one["external_id"]["in"]} == siblings
