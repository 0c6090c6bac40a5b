"""What we may compute on: often fewer cores than the machine has, of this kind or that."""

import ctypes
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Of the container, where there is one: microseconds of work in so many of time (cgroup v2)."""
CPUINFO = Path("/proc/cpuinfo")
M_ARENA_MAX = -8
"""glibc's name for it, in malloc.h."""
NICE = 10
"""On top of what the process has: a tenth of the time that its other threads get."""
BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})


def cores(quota: Path = QUOTA) -> int:
    """Processors that this process may run on, within its container's quota; at least one."""
    known = hasattr(os, "sched_getaffinity")  # not on macOS
    here = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return max(1, min(here, _quota(quota, here)))


def multiplies_bfloat16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether the processor does; elsewhere it is imitated, thirty times slower than float32.

    The runtime's own word is not enough: it may take bfloat16 where that is imitated.
    """
    try:
        lines = cpuinfo.read_text().splitlines()
    except OSError:  # macOS
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not BFLOAT16.isdisjoint(flags.split())


def give_way() -> None:
    """Let others go before this thread, and before those that it starts; Linux alone can do that.

    While articles come in, a search takes two thirds of the time that it takes otherwise.
    """
    if sys.platform == "linux":
        own = os.PRIO_PROCESS, threading.get_native_id()
        with suppress(OSError):  # where a sandbox forbids it
            os.setpriority(*own, os.getpriority(*own) + NICE)


def share_heaps(count: int = 2) -> None:
    """Let all threads share so few heaps, before they begin; only glibc has more of them.

    By itself it has eight for each core, and each keeps what was ever needed in it: 40 MB after a
    thousand questions of sixteen clients.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, count)


def _quota(path: Path, otherwise: int) -> int:
    try:
        work, period = path.read_text().split()
        return -(-int(work) // int(period))
    except (OSError, ValueError):  # no container, or `max`: no limit
        return otherwise
