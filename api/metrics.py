"""What /metrics shows, in Prometheus' text format."""

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from api.service import Activity

MEDIA_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics(Collector):
    """The counters of one application; two of them in one process do not mix."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Histogram(
            "dateline_request_seconds",
            "Time to answer a request.",
            ("method", "route", "status"),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._stages = Histogram(
            "dateline_stage_seconds",
            "Time by stage of a question.",
            ("stage",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._answers = Counter(
            "dateline_answers",
            "Questions that got an answer, and that did not.",
            ("outcome",),
            registry=self._registry,
        )
        for outcome in ("answered", "abstained"):
            self._answers.labels(outcome)
        self._index = Gauge("dateline_index", "What is stored.", ("what",), registry=self._registry)
        self._waiting = Gauge(
            "dateline_waiting",
            "Questions that wait for a thread or the model, and slices of ingest.",
            ("for",),
            registry=self._registry,
        )
        self._activity = Activity()
        self._registry.register(self)

    def request(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self._requests.labels(method, route, str(status)).observe(seconds)

    def stages(self, milliseconds: Mapping[str, float]) -> None:
        """Count the stages of a question."""
        for stage, duration in milliseconds.items():
            self._stages.labels(stage).observe(duration / 1000)

    def outcome(self, *, answered: bool) -> None:
        """Count an answer, or that there was none."""
        self._answers.labels("answered" if answered else "abstained").inc()

    def render(self, index: Mapping[str, int], waiting: int, activity: Activity) -> bytes:
        """Everything, with the numbers of the index and of the queues as they are now."""
        for what, number in index.items():
            self._index.labels(what).set(number)
        self._activity = activity
        model = activity.model
        queues = {"thread": waiting, "model": model.questions, "slice": model.slices}
        for what, number in queues.items():
            self._waiting.labels(what).set(number)
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """What others have counted; the registry asks for it."""
        model = self._activity.model
        yield CounterMetricFamily("dateline_batches", "Calls of the model.", value=model.batches)
        yield CounterMetricFamily(
            "dateline_batched_questions", "Questions in all of them.", value=model.batched
        )
        cache = CounterMetricFamily(
            "dateline_cache", "What was known already, and what was not.", labels=("of", "outcome")
        )
        for of, counts in (
            ("vectors", self._activity.vectors),
            ("replies", self._activity.replies),
        ):
            for outcome, number in zip(("hit", "miss"), counts, strict=True):
                cache.add_metric((of, outcome), number)
        yield cache
