import os
from pathlib import Path

import pytest

from index.processor import cores, multiplies_bfloat16


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


@pytest.mark.parametrize(
    ("flags", "it_does"),
    [
        ("flags\t\t: fpu avx2 avx512f avx512_vnni avx512_bf16", True),
        ("flags\t\t: fpu avx2 amx_bf16", True),
        ("flags\t\t: fpu avx2 avx512f avx512_vnni", False),
        ("Features\t: fp asimd bf16", False),
        ("", False),
    ],
    ids=["Zen 4", "Sapphire Rapids", "Cascade Lake", "ARM", "nothing"],
)
def test_bfloat16_is_used_where_the_processor_multiplies_it(
    tmp_path: Path, *, flags: str, it_does: bool
) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\n{flags}\nbogomips\t: 5200\n")
    assert multiplies_bfloat16(cpuinfo) is it_does
    assert multiplies_bfloat16(tmp_path / "missing") is False
