import os
import subprocess
import sys
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


def test_heaps_are_shared_where_there_are_more_than_one() -> None:
    code = (
        "import ctypes, threading\n"
        "from index.processor import share_heaps\n"
        "share_heaps(1)\n"
        "kept = []\n"
        "threads = [threading.Thread(target=lambda: kept.append(bytes(10**5))) for _ in range(9)]\n"
        "[(one.start(), one.join()) for one in threads]\n"
        "libc = ctypes.CDLL(None)\n"
        "if hasattr(libc, 'malloc_info'):\n"
        "    libc.fdopen.restype = ctypes.c_void_p\n"
        "    libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b'w')))\n"
        "    libc.fflush(None)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert told.count("<heap nr=") in (0, 1)
