import os
from pathlib import Path

from index.cores import cores


def test_a_container_may_have_less_than_the_machine(tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    here = cores(tmp_path / "missing")
    assert 1 <= here <= (os.cpu_count() or 1)
    quota.write_text("max 100000\n")
    assert cores(quota) == here
    quota.write_text("50000 100000\n")
    assert cores(quota) == 1
    quota.write_text("6400000 100000\n")
    assert cores(quota) == here
    quota.write_text("nonsense\n")
    assert cores(quota) == here
