import re

import pytest

from bench.environments import requirements

HAS = {"txtai": "txtai", "chroma": "chromadb", "haystack": "haystack-ai", "plots": "matplotlib"}


@pytest.mark.parametrize(("name", "package"), HAS.items())
def test_every_package_of_others_is_pinned_and_torch_is_left_to_us(name: str, package: str) -> None:
    lines = [one for one in requirements(name).read_text().splitlines() if not one.startswith("#")]
    names = [one.partition("==")[0] for one in lines if re.fullmatch(r"[\w.-]+==[\w.]+", one)]
    assert len(names) == len(set(names)) == len(lines)
    assert package in names
    assert "torch" not in names
