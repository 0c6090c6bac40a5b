import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from index.embedders import compiled as module
from index.embedders.compiled import About, CompiledEmbedder, within_budget
from index.embedders.sentence_transformers import SentenceTransformerEmbedder
from index.embedders.weights import PACKAGED, WEIGHTS, folder_of
from index.split import split

SEEDS = sorted((Path(__file__).parents[3] / "seeds").glob("*.txt"))
QUESTIONS = ["who is meeting in Geneva?", "flood in Harwick", "Östmere? 🚢", "", "why " * 400]


def pieces(count: int) -> tuple[list[str], list[str], list[list[tuple[int, int]]]]:
    """Passages of the seeds: titles, texts, and the sentences in each."""
    found = []
    for path in SEEDS:
        text = path.read_text()
        title = text.partition("\n")[0]
        for one in split(text, title):
            spans = [(a - one.start, b - one.start) for a, b in one.sentences]
            found.append((title, text[one.start : one.end], spans))
    titles, texts, sentences = zip(*islice(found, count), strict=True)
    return list(titles), list(texts), list(sentences)


@pytest.mark.model
def test_vectors_are_those_of_the_reference(
    compiled: CompiledEmbedder, reference: SentenceTransformerEmbedder
) -> None:
    titles, texts, sentences = pieces(40)
    texts[3], sentences[3] = "word " * 600, [(0, 5), (2900, 2905)]  # its end is cut off
    titles[4], texts[4], sentences[4] = "", "", []
    whole, parts = compiled.embed_passages(titles, texts, sentences)
    wanted, wanted_parts = reference.embed_passages(titles, texts, sentences)
    assert (whole * wanted).sum(axis=1).min() > 0.999
    assert [len(rows) for rows in parts] == [len(spans) for spans in sentences]
    flat, wanted_flat = np.concatenate(parts), np.concatenate(wanted_parts)
    assert (flat * wanted_flat).sum(axis=1).min() > 0.999
    asked, wanted_asked = compiled.embed_queries(QUESTIONS), reference.embed_queries(QUESTIONS)
    assert (asked * wanted_asked).sum(axis=1).min() > 0.999
    assert (compiled.name, compiled.dim) == (reference.name, reference.dim)


@pytest.mark.model
def test_a_processor_without_bfloat16_gets_float32(
    encoders: Path, reference: SentenceTransformerEmbedder
) -> None:
    (numbers,) = encoders.glob(f"*/{module.NUMBERS}")
    weights = (folder_of(PACKAGED) or Path()) / WEIGHTS
    about = About("embeddings.word_embeddings.weight", reference.max_tokens or 0, "f32")
    embedder = CompiledEmbedder(numbers.parent, weights, about, name=PACKAGED, threads=1)
    whole, parts = embedder.embed_passages(*pieces(8))
    wanted, wanted_parts = reference.embed_passages(*pieces(8))
    assert (whole * wanted).sum(axis=1).min() > 0.99999
    flat, wanted_flat = np.concatenate(parts), np.concatenate(wanted_parts)
    assert (flat * wanted_flat).sum(axis=1).min() > 0.99999


@pytest.mark.model
def test_vectors_have_length_one_and_nothing_gives_nothing(compiled: CompiledEmbedder) -> None:
    rows = compiled.embed_queries(QUESTIONS)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert compiled.embed_queries([]).shape == (0, compiled.dim)
    whole, parts = compiled.embed_passages([], [], [])
    assert whole.shape == (0, compiled.dim)
    assert parts == []


@pytest.mark.model
def test_a_text_has_the_same_vector_in_whatever_company(compiled: CompiledEmbedder) -> None:
    titles, texts, sentences = pieces(40)
    together, parts = compiled.embed_passages(titles, texts, sentences)
    for i in (0, 17, 39):
        alone, part = compiled.embed_passages([titles[i]], [texts[i]], [sentences[i]])
        assert float(alone[0] @ together[i]) > 0.9995
        assert (part[0] * parts[i]).sum(axis=1).min() > 0.999


@pytest.mark.model
def test_many_threads_may_ask_at_once(compiled: CompiledEmbedder) -> None:
    titles, texts, sentences = pieces(4)
    rows, (whole, _) = (
        compiled.embed_queries(QUESTIONS),
        compiled.embed_passages(titles, texts, sentences),
    )
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(compiled.embed_queries, QUESTIONS) for _ in range(12)]
        sent = [pool.submit(compiled.embed_passages, titles, texts, sentences) for _ in range(12)]
    for one in asked:
        assert (one.result() * rows).sum(axis=1).min() > 0.9995
    for other in sent:
        assert (other.result()[0] * whole).sum(axis=1).min() > 0.9995


def test_batches_keep_to_the_budget_and_leave_nothing_out() -> None:
    lengths = [5, 250, 17, 300, 8, 120, 121, 9, 2000] * 5
    batches = list(within_budget(lengths))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[i] for i in batch) * len(batch) <= module.BUDGET
    longest = [max(lengths[i] for i in batch) for batch in batches]
    assert longest == sorted(longest, reverse=True)


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([24, 22, 9, 9, 9, 9, 9, 8], [2, 6]),  # the long ones do not pad the others
        ([24, 9], [2]),  # a call of its own would take longer than the padding
        ([9] * 20, [20]),
    ],
)
def test_texts_go_together_that_need_little_padding(lengths: list[int], sizes: list[int]) -> None:
    assert [len(batch) for batch in within_budget(lengths)] == sizes


def test_passages_may_be_the_first_that_is_embedded(encoders: Path) -> None:
    """Two threads that called the runtime first waited for each other, in one process of six."""
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from index.embedders.opened import open_embedder\n"
        "from index.embedders.weights import PACKAGED\n"
        "embedder = open_embedder(PACKAGED, Path(sys.argv[1]))\n"
        "embedder.embed_passages([''] * 8, ['rain ' * 40] * 8, [[(0, 4)]] * 8)\n"
    )
    command = [sys.executable, "-c", program, str(encoders)]
    for _ in range(6):
        subprocess.run(command, check=True, timeout=60)


def test_a_question_needs_no_torch_and_tells_nobody(encoders: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from index.embedders.opened import open_embedder\n"
        "from index.embedders.weights import PACKAGED\n"
        "embedder = open_embedder(PACKAGED, Path(sys.argv[1]))\n"
        "embedder.embed_queries(['who is meeting in Geneva?'])\n"
        "heavy = {'torch', 'transformers', 'sentence_transformers', 'sklearn', 'scipy', 'nltk'}\n"
        "print(type(embedder).__name__, sorted(heavy & set(sys.modules)))\n"
        "print([name for name in sys.modules if name.startswith('openvino_telemetry.')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(encoders)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["CompiledEmbedder []", "[]"]
