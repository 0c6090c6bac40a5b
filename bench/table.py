"""Writes the figures of speed: as a table for the README, and what is wanted against what is."""

from collections.abc import Sequence

from bench.figures import OURS, ROWS, THEIRS, Figures, Row, ratio, reached, spread

MARKS = {True: "yes", False: "no", None: ""}


def markdown(found: Figures) -> str:
    """For the README: both sides and how many times better; median (least–most) of the runs."""
    head = [_row(["", OURS, f"{THEIRS} {found.about.get('txtai', '')}".strip(), "times better"])]
    head += [_row(["---", "---:", "---:", "---:"])]
    lines = [
        _row([f"{row.title}, {row.unit}", *_sides(found, name, row), _times(found, name, row)])
        for name, row in ROWS.items()
        if name in found.rows
    ]
    return "\n".join([about(found), "", *head, *lines, *_libraries(found)])


def goals(found: Figures) -> str:
    """Every row with what is wanted of it, and whether it is so."""
    head = [_row(["row", "wanted", OURS, THEIRS, "times", "reached"]), _row(["---"] * 6)]
    lines = [
        _row(
            [
                f"{row.title}, {row.unit}",
                wanted(row),
                *_sides(found, name, row),
                _times(found, name, row, own=True),
                MARKS[reached(row, found.rows, name)],
            ]
        )
        for name, row in ROWS.items()
        if name in found.rows
    ]
    return "\n".join([about(found), "", *head, *lines, *_libraries(found)])


def wanted(row: Row) -> str:
    """In words."""
    parts = []
    if row.limit is not None:
        parts.append(f"{'≥' if row.higher else '≤'} {row.limit:g} {row.unit}")
    if row.times is not None and row.beside:
        parts.append(f"≤ {1 / row.times:g} × idle")
    elif row.times is not None:
        parts.append(f"{row.times:g} × {THEIRS}")
    return ", ".join(parts)


def about(found: Figures) -> str:
    """What was measured, where, and how often."""
    known = found.about
    runs = max((len(runs) for row in found.rows.values() for runs in row.values()), default=0)
    return (
        f"{known['passages']:,} passages of {known['tokens']:.0f} tokens in the mean "
        f"({known['collection']}), {known['cpu']}, {known['cores']} cores; questions all "
        f"different; the median of {runs} runs in turn, with the least and the most."
    )


def _sides(found: Figures, name: str, row: Row) -> list[str]:
    values = found.rows[name]
    return [spread(values[side], row.digits) if values.get(side) else "" for side in (OURS, THEIRS)]


def _times(found: Figures, name: str, row: Row, *, own: bool = False) -> str:
    if row.beside and not own:
        return ""
    times = ratio(row, found.rows, name)
    return spread([1 / one for one in times] if row.beside else times, 1) if times else ""


def _libraries(found: Figures) -> list[str]:
    """Those that are called without HTTP, where they were measured."""
    libraries = found.about.get("libraries", {})
    if not libraries:
        return []
    count = max(one["passages"] for one in libraries.values())
    head = ["", f"{count:,} passages, called in a process of their own, without HTTP:", ""]
    head += [_row(["", "a search, p50, ms", "passages taken in, /s", "resident, MB"])]
    head += [_row(["---", "---:", "---:", "---:"])]
    return head + [
        _row(
            [
                f"{name} {one['version']}",
                f"{one['p50']:.1f}",
                f"{one['ingest_per_s']:.0f}",
                f"{one['megabytes']:.0f}",
            ]
        )
        for name, one in libraries.items()
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
