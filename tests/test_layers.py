"""Imports point down: api -> qa -> index; none is relative."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {"index": {"index"}, "qa": {"qa", "index"}, "api": {"api", "qa", "index"}}
FILES = [file for package in MAY_IMPORT for file in sorted((ROOT / package).rglob("*.py"))]


def imported(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            for alias in node.names:
                inner = ROOT / module.replace(".", "/") / f"{alias.name}.py"
                yield f"{module}.{alias.name}" if inner.exists() else module, node.level


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_imports_only_from_its_layer_and_below(file: Path) -> None:
    package = file.relative_to(ROOT).parts[0]
    for module, level in imported(file):
        assert level == 0, f"relative import of {module}"
        top = module.split(".")[0]
        assert top not in MAY_IMPORT or top in MAY_IMPORT[package], module


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_there_is_no_import_cycle(package: str) -> None:
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for file in (ROOT / package).rglob("*.py")
    }
    edges = {name: {module for module, _ in imported(file)} for name, file in files.items()}
    free: set[str] = set()
    while len(free) < len(edges):
        ready = {n for n, uses in edges.items() if n not in free and uses & set(edges) <= free}
        assert ready, f"a cycle among {sorted(set(edges) - free)}"
        free |= ready
