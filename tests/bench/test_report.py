from bench.quality import GENEVA, OURS, Comparison
from bench.report import report


def comparison(name: str, theirs: float, ours: float, **more: object) -> Comparison:
    figures = {"txtai dense": theirs, OURS: ours}
    return Comparison(
        dataset=name,
        documents=1200,
        passages=3400,
        questions=50,
        versions={"txtai": "9.14.0", "Dateline": "0.1.0"},
        figures={
            system: {"ndcg@10": value, "recall@1": value - 0.1, "mrr@10": value - 0.05}
            for system, value in figures.items()
        },
        **more,  # type: ignore[arg-type]
    )


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")]


def test_one_set_is_one_column_with_its_differences() -> None:
    text = report([comparison("cranfield", 0.4, 0.435)])
    assert "txtai 9.14.0 and Dateline 0.1.0" in text
    assert rows(text) == [
        "|  | cranfield |",
        "| --- | --- |",
        "| documents / passages / questions | 1,200 / 3,400 / 50 |",
        "| txtai dense | 0.400 / 0.300 / 0.350 |",
        "| ours, as it ships | 0.435 / 0.335 / 0.385 |",
        "| ours, as it ships, less txtai dense | +3.5 / +3.5 / +3.5 |",
    ]


def test_several_sets_have_a_mean_in_which_each_counts_alike() -> None:
    text = report([comparison("a", 0.4, 0.5), comparison("b", 0.8, 0.7)])
    assert rows(text) == [
        "|  | a | b | mean |",
        "| --- | --- | --- | --- |",
        "| documents / passages / questions | 1,200 / 3,400 / 50 | 1,200 / 3,400 / 50 |  |",
        "| txtai dense | 0.400 / 0.300 / 0.350 | 0.800 / 0.700 / 0.750 | 0.600 / 0.500 / 0.550 |",
        "| ours, as it ships | 0.500 / 0.400 / 0.450 | 0.700 / 0.600 / 0.650 "
        "| 0.600 / 0.500 / 0.550 |",
        "| ours, as it ships, less txtai dense | +10.0 / +10.0 / +10.0 | -10.0 / -10.0 / -10.0 "
        "| +0.0 / +0.0 / +0.0 |",
    ]


def test_the_customers_question_stands_below_with_what_each_puts_first() -> None:
    firsts = {"txtai dense": ("A passage.\n\nOf two paragraphs.", "He was in Paris.")}
    text = report([comparison("seeds", 0.4, 0.5, firsts=firsts)])
    assert GENEVA in text
    assert rows(text)[-1] == "| txtai dense | A passage. Of two paragraphs. | He was in Paris. |"
