import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from index.embedders import opened
from index.embedders.compiled import NUMBERS, CompiledEmbedder
from index.embedders.opened import ABOUT, open_embedder
from index.embedders.sentence_transformers import SentenceTransformerEmbedder
from index.embedders.weights import PACKAGED, WEIGHTS, folder_of
from index.errors import ModelUnavailable

pytestmark = pytest.mark.model

QUESTION = ["who is meeting in Geneva?"]


@pytest.fixture
def cache(encoders: Path, tmp_path: Path) -> Path:
    """A copy, to be damaged."""
    return shutil.copytree(encoders, tmp_path / "encoders")


@pytest.fixture
def made(encoders: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What is made from here on; each is a copy of the one that was made in earnest."""
    (first,) = (path.parent for path in encoders.glob(f"*/{ABOUT}"))
    entries: list[Path] = []

    def copy(model: str, entry: Path) -> None:
        entries.append(entry)
        shutil.rmtree(entry, ignore_errors=True)
        shutil.copytree(first, entry)

    monkeypatch.setattr(opened, "_make", copy)
    return entries


def test_it_is_made_once(cache: Path, made: list[Path]) -> None:
    assert isinstance(open_embedder(PACKAGED, cache), CompiledEmbedder)
    assert made == []


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        (NUMBERS, lambda path: path.write_bytes(path.read_bytes()[:-1])),
        (NUMBERS, lambda path: path.write_bytes(b"\0" * path.stat().st_size)),
        (NUMBERS, Path.unlink),
        (ABOUT, lambda path: path.write_text("{")),
        (ABOUT, lambda path: path.write_text("[]")),
        (ABOUT, Path.unlink),
    ],
    ids=["cut", "zeros", "no numbers", "no JSON", "no facts", "no about"],
)
def test_what_is_damaged_is_made_again(
    cache: Path, made: list[Path], name: str, damage: Callable[[Path], object]
) -> None:
    (path,) = cache.glob(f"*/{name}")
    damage(path)
    found = open_embedder(PACKAGED, cache)
    assert isinstance(found, CompiledEmbedder)
    assert made == [path.parent]
    assert found.embed_queries(QUESTION).shape == (1, 384)


@pytest.mark.parametrize("change", ["runtime", "processor", "format", "configuration"])
def test_whatever_it_depends_on_makes_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    packaged = folder_of(PACKAGED)
    assert packaged is not None
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / WEIGHTS).symlink_to(packaged / WEIGHTS)
    (folder / "config.json").write_text("{}")
    before = opened._key("some", folder, tmp_path)
    assert opened._key("some", folder, tmp_path) == before
    match change:
        case "runtime":
            monkeypatch.setattr(opened, "version", lambda name: f"{name} 0.1")
        case "processor":
            here = opened.multiplies_bfloat16()
            monkeypatch.setattr(opened, "multiplies_bfloat16", lambda: not here)
        case "format":
            monkeypatch.setattr(opened, "FORMAT", 0)
        case _:
            (folder / "config.json").write_text('{"a": 1}')
    assert opened._key("some", folder, tmp_path) != before


def test_other_weights_make_another_and_are_not_the_packaged_model(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    keys = set()
    for content in (b"one", b"other"):
        (folder / WEIGHTS).write_bytes(content)
        keys.add(opened._key("some", folder, tmp_path))
    assert len(keys) == 2
    with pytest.raises(ModelUnavailable, match="reinstall"):
        opened._key(PACKAGED, folder, tmp_path)


def test_one_that_disagrees_with_the_reference_is_refused_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    program = (
        "import sys; from pathlib import Path; from index.embedders import compiling\n"
        "compiling.LIMIT = 1.1; compiling.compile_model(sys.argv[1], Path(sys.argv[2]))"
    )

    def make(model: str, entry: Path) -> None:
        entry.mkdir()
        subprocess.run([sys.executable, "-c", program, model, str(entry)], check=True)

    monkeypatch.setattr(opened, "_make", make)
    assert isinstance(open_embedder(PACKAGED, tmp_path), SentenceTransformerEmbedder)
    assert "less than 1.1" in caplog.text
    facts = json.loads(next(tmp_path.glob(f"*/{ABOUT}")).read_text())
    assert facts["expected"] is False


def test_without_the_runtime_the_reference_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing(name: str) -> str:
        raise opened.PackageNotFoundError(name)

    monkeypatch.setattr(opened, "version", missing)
    assert isinstance(open_embedder(PACKAGED, tmp_path), SentenceTransformerEmbedder)
    assert "openvino is not installed" in caplog.text


def test_without_a_folder_to_keep_it_in_the_reference_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    embedder = open_embedder(PACKAGED, tmp_path / "file" / "encoders")
    assert isinstance(embedder, SentenceTransformerEmbedder)
    assert "slower" in caplog.text


def test_a_folder_that_cannot_be_written_serves_what_it_has(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    monkeypatch.setitem(opened.remembered_sha256.__globals__, "write_atomically", refuse)
    (cache / "digests.json").unlink()
    assert isinstance(open_embedder(PACKAGED, cache), CompiledEmbedder)


def test_a_program_that_fails_is_told_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "executable", shutil.which("false"))
    assert isinstance(open_embedder(PACKAGED, tmp_path), SentenceTransformerEmbedder)
    assert "compiling failed" in caplog.text
    assert not list(tmp_path.glob(".making-*"))


@pytest.mark.slow
def test_two_processes_may_make_it_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from index.embedders.opened import open_embedder\n"
        "embedder = open_embedder('all-MiniLM-L6-v2', Path(sys.argv[1]))\n"
        "print(type(embedder).__name__, embedder.embed_queries(['who?']).shape)"
    )
    command = [sys.executable, "-P", "-c", program, str(tmp_path / "cache")]
    (tmp_path / "index").mkdir()  # of the user's, and of no concern to us
    (tmp_path / "index" / "__init__.py").write_text("raise SystemExit")
    both = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) for _ in range(2)
    ]
    assert [one.communicate()[0] for one in both] == ["CompiledEmbedder (1, 384)\n"] * 2
    assert len(list(tmp_path.glob(f"cache/*/{ABOUT}"))) == 1
    assert not list(tmp_path.glob("cache/.making-*"))


def test_a_model_of_another_kind_is_run_by_the_reference_without_a_word(
    cache: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (path,) = cache.glob(f"*/{ABOUT}")
    path.write_text(json.dumps({"unsuitable": "it pools otherwise", "expected": True}))
    with caplog.at_level(logging.WARNING):
        assert isinstance(open_embedder(PACKAGED, cache), SentenceTransformerEmbedder)
    assert caplog.text == ""
