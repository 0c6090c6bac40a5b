import re
import string
from collections import Counter

import pytest
import pytrec_eval
from hypothesis import given, settings
from hypothesis import strategies as st

from qa import metrics

few = settings(max_examples=50)
DOCUMENTS = [f"d{number}" for number in range(40)]
judgements = st.dictionaries(st.sampled_from(DOCUMENTS), st.integers(-1, 3), max_size=25)
rankings = st.lists(st.sampled_from(DOCUMENTS), unique=True, max_size=40)
words = st.lists(
    st.sampled_from(
        ["the", "a", "An", "Paris", "paris,", "U.S.", "15%", "mid-July", "ça", "”", " "]
    ),
    max_size=6,
).map(" ".join)


def trec(ranking: list[str], gains: dict[str, int], measure: str) -> float:
    """What trec_eval says; scores fall with the rank, so that ties play no part."""
    if not ranking:
        return 0.0
    run = {one: float(len(ranking) - place) for place, one in enumerate(ranking)}
    results = pytrec_eval.RelevanceEvaluator({"q": gains}, {measure}).evaluate({"q": run})
    return next(iter(results["q"].values()))


@few
@given(ranking=rankings, gains=judgements, k=st.sampled_from([1, 3, 10, 100]))
def test_ndcg_is_that_of_trec_eval(ranking: list[str], gains: dict[str, int], k: int) -> None:
    expected = trec(ranking, gains, f"ndcg_cut.{k}") if gains else 0.0
    assert metrics.ndcg(ranking, gains, k) == pytest.approx(expected, abs=1e-6)


@few
@given(ranking=rankings, gains=judgements, k=st.sampled_from([1, 5, 20, 100]))
def test_recall_is_that_of_trec_eval(ranking: list[str], gains: dict[str, int], k: int) -> None:
    expected = trec(ranking, gains, f"recall.{k}") if gains else 0.0
    assert metrics.recall(ranking, gains, k) == pytest.approx(expected, abs=1e-6)


@few
@given(ranking=rankings, gains=judgements, k=st.sampled_from([1, 10]))
def test_mrr_is_the_reciprocal_rank_of_trec_eval_over_a_cut_run(
    ranking: list[str], gains: dict[str, int], k: int
) -> None:
    expected = trec(ranking[:k], gains, "recip_rank") if gains else 0.0
    assert metrics.mrr(ranking, gains, k) == pytest.approx(expected, abs=1e-6)


@few
@given(ranking=rankings, gains=judgements)
def test_average_precision_is_the_map_of_trec_eval(
    ranking: list[str], gains: dict[str, int]
) -> None:
    expected = trec(ranking, gains, "map") if gains else 0.0
    assert metrics.average_precision(ranking, gains) == pytest.approx(expected, abs=1e-6)


@few
@given(ranking=rankings, gains=judgements, k=st.sampled_from([1, 5, 10]))
def test_hit_rate_is_the_success_of_trec_eval(
    ranking: list[str], gains: dict[str, int], k: int
) -> None:
    expected = trec(ranking, gains, f"success.{k}") if gains else 0.0
    assert metrics.hit_rate(ranking, gains, k) == expected


@few
@given(ranking=rankings, document=st.sampled_from(DOCUMENTS), k=st.integers(1, 40))
def test_hit_rate_is_recall_where_one_document_is_relevant(
    ranking: list[str], document: str, k: int
) -> None:
    gains = {document: 1}
    assert metrics.hit_rate(ranking, gains, k) == metrics.recall(ranking, gains, k)


def test_ndcg_takes_the_grade_as_the_gain() -> None:
    gains = {"a": 3, "b": 1}
    discount = 0.6309297535714575  # 1 / log2(3)
    expected = (1 + 3 * discount) / (3 + 1 * discount)
    assert metrics.ndcg(["b", "a"], gains, 10) == pytest.approx(expected)


def test_equal_scores_are_ranked_by_id() -> None:
    assert metrics.ranked({"b": 1.0, "c": 2.0, "a": 1.0}) == ["c", "a", "b"]


def official_normalize(text: str) -> str:
    """The four steps of SQuAD's evaluate-v2.0.py, written down again from the paper's rules."""
    lowered = text.lower()
    bare = "".join(one for one in lowered if one not in set(string.punctuation))
    without = re.sub(r"\b(a|an|the)\b", " ", bare)
    return " ".join(without.split())


def official_scores(prediction: str, golds: list[str]) -> tuple[float, float]:
    """Exact match and F1 of evaluate-v2.0.py, by precision and recall as it computes them."""
    kept = [one for one in golds if official_normalize(one)] or [""]
    exact, best = 0.0, 0.0
    for gold in kept:
        left, right = official_normalize(prediction).split(), official_normalize(gold).split()
        exact = max(exact, float(left == right))
        same = sum((Counter(left) & Counter(right)).values())
        if not left or not right:
            best = max(best, float(left == right))
        elif same:
            precision, recall = same / len(left), same / len(right)
            best = max(best, 2 * precision * recall / (precision + recall))
    return exact, best


@few
@given(prediction=words, golds=st.lists(words, max_size=4))
def test_exact_match_and_f1_follow_the_published_script(prediction: str, golds: list[str]) -> None:
    exact, best = official_scores(prediction, golds)
    assert metrics.exact_match(prediction, golds) == exact
    assert metrics.f1(prediction, golds) == pytest.approx(best)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Eiffel Tower!", "eiffel tower"),
        ("an apple a day", "apple day"),
        ("theatre", "theatre"),
        ("U.S. officials", "us officials"),
        ("mid-July", "midjuly"),
        ("Götterdämmerung, ÉTÉ", "götterdämmerung été"),
        ("“quoted”", "“quoted”"),  # only ASCII punctuation goes, as in the script
        ("  \t\n ", ""),
        ("the", ""),
    ],
)
def test_normalising_follows_the_published_rules(text: str, expected: str) -> None:
    assert metrics.normalise(text) == expected


@pytest.mark.parametrize(
    ("given", "golds", "exact", "overlap"),
    [
        ("in Paris", ["Paris", "in Paris, France"], 0.0, 0.8),
        ("the Paris", ["Paris."], 1.0, 1.0),
        ("Denver Broncos", ["Denver Broncos", "Broncos"], 1.0, 1.0),
        ("the 15 percent", ["around 85 percent"], 0.0, 0.4),
        ("no no", ["no"], 0.0, 2 / 3),  # words are counted, not only met
        ("London", ["Paris"], 0.0, 0.0),
        ("", ["Paris"], 0.0, 0.0),
        ("", [], 1.0, 1.0),
        ("Paris", [], 0.0, 0.0),
        ("", ["the"], 1.0, 1.0),  # a gold answer of which nothing is left is no answer
    ],
)
def test_answers_score_as_in_squad(
    given: str, golds: list[str], exact: float, overlap: float
) -> None:
    assert metrics.exact_match(given, golds) == exact
    assert metrics.f1(given, golds) == pytest.approx(overlap)


def test_precision_is_over_given_and_recall_over_answerable_questions() -> None:
    answered = [True, True, True, False, False]
    right = [True, False, True, True, False]
    answerable = [True, True, True, True, False]
    assert metrics.answered_precision(answered, right) == pytest.approx(2 / 3)
    assert metrics.answered_recall(answered, right, answerable) == 0.5


def test_without_given_answers_precision_is_zero() -> None:
    assert metrics.answered_precision([False], [True]) == 0.0
    assert metrics.answered_recall([False], [False], [False]) == 0.0


def test_reliability_has_ten_equal_bins_with_the_last_one_closed() -> None:
    table = metrics.reliability([0.0, 0.09, 0.1, 0.95, 1.0], [False, True, True, True, False])
    assert [(one.low, one.high, one.count) for one in table] == [
        (0.0, 0.1, 2),
        (0.1, 0.2, 1),
        (0.9, 1.0, 2),
    ]
    assert [one.accuracy for one in table] == [0.5, 1.0, 0.5]
    assert [one.confidence for one in table] == pytest.approx([0.045, 0.1, 0.975])


def test_calibration_error_weighs_the_bins_by_their_counts() -> None:
    confidences = [0.9, 0.9, 0.9, 0.9, 0.2]
    right = [True, True, True, False, False]
    expected = (4 * abs(0.9 - 0.75) + 1 * 0.2) / 5
    assert metrics.expected_calibration_error(confidences, right) == pytest.approx(expected)
    assert metrics.expected_calibration_error([], []) == 0.0


@few
@given(st.lists(st.booleans(), min_size=1))
def test_certainty_that_is_always_right_has_no_calibration_error(right: list[bool]) -> None:
    confidences = [float(one) for one in right]
    assert metrics.expected_calibration_error(confidences, right) == 0.0
