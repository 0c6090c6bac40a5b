from bench.figures import OURS, ROWS, THEIRS, Figures
from bench.table import goals, markdown, wanted

ABOUT = {
    "collection": "invented",
    "passages": 10_000,
    "tokens": 160.6,
    "cpu": "some CPU",
    "cores": 2,
    "txtai": "9.14.0",
}
FOUND = Figures(
    ABOUT
    | {
        "libraries": {
            "chroma": {
                "p50": 12.34,
                "passages": 3005,
                "version": "1.5",
                "ingest_per_s": 30.2,
                "megabytes": 700.4,
            }
        }
    },
    {
        "search_p50": {OURS: [5.0, 4.0, 6.0], THEIRS: [20.0, 32.0, 24.0]},
        "many_per_s": {OURS: [300.0], THEIRS: [30.0]},
        "idle_p95": {OURS: [8.0]},
        "busy_p95": {OURS: [20.0]},
    },
)


def test_the_readme_gets_both_sides_with_their_spread() -> None:
    lines = markdown(FOUND).splitlines()
    assert lines[0] == (
        "10,000 passages of 161 tokens in the mean (invented), some CPU, 2 cores; questions all "
        "different; the median of 3 runs in turn, with the least and the most."
    )
    assert lines[2:8] == [
        "|  | Dateline | txtai 9.14.0 | times better |",
        "| --- | ---: | ---: | ---: |",
        "| a search, one client, p50, ms | 5.0 (4.0–6.0) | 24.0 (20.0–32.0) | 4.0 (4.0–8.0) |",
        "| searches, 16 clients, /s | 300 | 30 | 10.0 |",
        "| a search before ingest, p95, ms | 8.0 |  |  |",
        "| a search while articles come in, p95, ms | 20.0 |  |  |",
    ]
    assert lines[-5] == "3,005 passages, called in a process of their own, without HTTP:"
    assert lines[-1] == "| chroma 1.5 | 12.3 | 30 | 700 |"


def test_every_row_tells_what_is_wanted_and_whether_it_is_so() -> None:
    lines = goals(FOUND).splitlines()
    assert (
        "| ≤ 6 ms, 5 × txtai | 5.0 (4.0–6.0) | 24.0 (20.0–32.0) | 4.0 (4.0–8.0) | no |" in lines[4]
    )
    assert lines[5].endswith("| ≥ 350 /s, 10 × txtai | 300 | 30 | 10.0 | no |")
    assert lines[6].endswith("|  | 8.0 |  |  |  |")
    assert lines[7].endswith("| ≤ 3 × idle | 20.0 |  | 2.5 | yes |")


def test_what_is_not_wanted_is_not_said() -> None:
    assert wanted(ROWS["search_p95"]) == ""
    assert wanted(ROWS["megabytes"]) == "≤ 450 MB, 2 × txtai"
