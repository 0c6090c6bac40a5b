"""The figures of `qa eval`: pure functions with the published definitions.

A ranking is ids, best first, without repeats; `gains` maps the ids that were judged to their
grade, and a grade above zero means relevant. Figures of a question without a relevant id are 0.
"""

import math
import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

BINS = 10
ARTICLES = re.compile(r"\b(a|an|the)\b")
PUNCTUATION = str.maketrans("", "", string.punctuation)


def ranked(scores: Mapping[str, float]) -> list[str]:
    """Ids by score, highest first; equal scores by id, ascending (trec_eval takes descending)."""
    return sorted(scores, key=lambda one: (-scores[one], one))


def ndcg(ranking: Sequence[str], gains: Mapping[str, int], k: int) -> float:
    """Normalised discounted cumulative gain (Järvelin and Kekäläinen 2002) as trec_eval has it.

    The gain is the grade itself and the discount log2(rank + 1); the ideal is over all judged ids.
    """
    ideal = _discounted(sorted(gains.values(), reverse=True)[:k])
    return _discounted([gains.get(one, 0) for one in ranking[:k]]) / ideal if ideal else 0.0


def mrr(ranking: Sequence[str], gains: Mapping[str, int], k: int) -> float:
    """1 / rank of the first relevant id among the first `k`, else 0 (Voorhees, TREC-8, 1999)."""
    ranks = (rank for rank, one in enumerate(ranking[:k], 1) if gains.get(one, 0) > 0)
    return next((1 / rank for rank in ranks), 0.0)


def recall(ranking: Sequence[str], gains: Mapping[str, int], k: int) -> float:
    """The share of the relevant ids that is among the first `k`."""
    relevant = _relevant(gains)
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def hit_rate(ranking: Sequence[str], gains: Mapping[str, int], k: int) -> float:
    """1 if a relevant id is among the first `k`; with one relevant id this is recall."""
    return float(not _relevant(gains).isdisjoint(ranking[:k]))


def average_precision(ranking: Sequence[str], gains: Mapping[str, int]) -> float:
    """Mean over all relevant ids of the precision at their rank, 0 where one was not found.

    Buckley and Voorhees, "Evaluating evaluation measure stability" (2000); trec_eval's `map`.
    """
    relevant = _relevant(gains)
    ranks = [rank for rank, one in enumerate(ranking, 1) if one in relevant]
    total = sum(found / rank for found, rank in enumerate(ranks, 1))
    return total / len(relevant) if relevant else 0.0


def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation, then without articles, single blanks.

    As in SQuAD's evaluation script (Rajpurkar et al. 2016, 2018).
    """
    return " ".join(ARTICLES.sub(" ", text.lower().translate(PUNCTUATION)).split())


def exact_match(given: str, gold: Iterable[str]) -> float:
    """SQuAD 2.0: 1 if the answer equals a gold answer; no gold answer is equalled by "" alone."""
    return _best(given, gold, lambda a, b: float(a == b))


def f1(given: str, gold: Iterable[str]) -> float:
    """SQuAD 2.0: the best word overlap with a gold answer; without one, 1 for "" and 0 else."""
    return _best(given, gold, _overlap)


def answered_precision(answered: Sequence[bool], right: Sequence[bool]) -> float:
    """The share of the given answers that is right; 0 when none was given."""
    given = [good for gave, good in zip(answered, right, strict=True) if gave]
    return mean(given)


def answered_recall(
    answered: Sequence[bool], right: Sequence[bool], answerable: Sequence[bool]
) -> float:
    """The share of the answerable questions that got a right answer."""
    given = [a and b for a, b, c in zip(answered, right, answerable, strict=True) if c]
    return mean(given)


@dataclass(frozen=True, slots=True)
class Bin:
    """One row of a reliability table: what was promised and what came true."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidences: Sequence[float], right: Sequence[bool]) -> list[Bin]:
    """The non-empty ones of ten equally wide bins [0, 0.1), [0.1, 0.2), … [0.9, 1]."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for pair in zip(confidences, right, strict=True):
        bins.setdefault(min(int(pair[0] * BINS), BINS - 1), []).append(pair)
    return [
        Bin(
            low=number / BINS,
            high=(number + 1) / BINS,
            count=len(pairs),
            confidence=mean([confidence for confidence, _ in pairs]),
            accuracy=mean([good for _, good in pairs]),
        )
        for number, pairs in sorted(bins.items())
    ]


def expected_calibration_error(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Mean distance of confidence and accuracy over the bins of `reliability`, by their counts.

    Guo et al., "On calibration of modern neural networks" (2017), section 2.
    """
    gaps = [
        one.count * abs(one.confidence - one.accuracy) for one in reliability(confidences, right)
    ]
    return sum(gaps) / len(confidences) if confidences else 0.0


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; 0 of nothing."""
    return math.fsum(values) / len(values) if values else 0.0


def _discounted(gains: Iterable[int]) -> float:
    return sum(max(gain, 0) / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _relevant(gains: Mapping[str, int]) -> set[str]:
    return {one for one, gain in gains.items() if gain > 0}


def _best(given: str, gold: Iterable[str], score: Callable[[str, str], float]) -> float:
    """The script drops gold answers of which nothing is left, and compares with "" if none is."""
    wanted = [text for text in map(normalise, gold) if text] or [""]
    return max(score(normalise(given), text) for text in wanted)


def _overlap(given: str, gold: str) -> float:
    """The harmonic mean of precision and recall, over words."""
    left, right = given.split(), gold.split()
    if not left or not right:
        return float(left == right)
    shared = (Counter(left) & Counter(right)).total()
    return 2 * shared / (len(left) + len(right))
