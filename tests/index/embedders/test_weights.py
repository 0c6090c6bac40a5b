import hashlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from index.embedders.weights import (
    KNOWN,
    PACKAGED,
    PACKAGED_SHA256,
    WEIGHTS,
    checked,
    folder_of,
    matrices,
    remembered_sha256,
    sha256,
    tensor,
)
from index.errors import ModelUnavailable


def test_a_digest_is_remembered_until_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert remembered_sha256(file, tmp_path) == hashlib.sha256(b"one").hexdigest()
    known = json.loads((tmp_path / KNOWN).read_text())
    known[str(file.resolve())][0] = "as remembered"
    (tmp_path / KNOWN).write_text(json.dumps(known))
    assert remembered_sha256(file, tmp_path) == "as remembered"
    file.write_bytes(b"two")
    os.utime(file, ns=(1, 1))
    assert remembered_sha256(file, tmp_path) == hashlib.sha256(b"two").hexdigest()


@pytest.mark.parametrize("content", ["", "[]", "{", '{"x": 1}'])
def test_a_damaged_memory_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    (tmp_path / KNOWN).write_text(content)
    assert remembered_sha256(file, tmp_path) == hashlib.sha256(b"one").hexdigest()


def test_where_nothing_can_be_kept_the_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    assert remembered_sha256(file, tmp_path / "missing") == hashlib.sha256(b"one").hexdigest()


@pytest.mark.model
def test_the_packaged_weights_are_the_expected_ones() -> None:
    folder = folder_of(PACKAGED)
    assert folder is not None
    assert sha256(folder / WEIGHTS) == PACKAGED_SHA256
    checked(PACKAGED_SHA256, folder / WEIGHTS)
    with pytest.raises(ModelUnavailable, match="reinstall"):
        checked("0" * 64, folder / WEIGHTS)


@pytest.mark.model
def test_a_matrix_is_found_in_the_weights() -> None:
    folder = folder_of(PACKAGED)
    assert folder is not None
    name = "embeddings.word_embeddings.weight"
    assert matrices(folder / WEIGHTS)[name] == (30522, 384)
    words = tensor(folder / WEIGHTS, name)
    assert words.shape == (30522, 384)
    assert np.isfinite(words[::1000]).all()
    assert np.abs(words[2000]).max() > 0


def test_a_name_on_the_hub_is_no_folder(tmp_path: Path) -> None:
    assert folder_of("some/model") is None
    assert folder_of(str(tmp_path)) is None
    (tmp_path / WEIGHTS).touch()
    assert folder_of(str(tmp_path)) == tmp_path
