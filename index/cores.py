"""How many processors there are for us, which is often fewer than the machine has."""

import os
from pathlib import Path

QUOTA = Path("/sys/fs/cgroup/cpu.max")
"""Of the container, where there is one: microseconds of work in so many of time (cgroup v2)."""


def cores(quota: Path = QUOTA) -> int:
    """Processors that this process may run on, within its container's quota; at least one."""
    known = hasattr(os, "sched_getaffinity")  # not on macOS
    here = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    return max(1, min(here, _quota(quota, here)))


def _quota(path: Path, otherwise: int) -> int:
    try:
        work, period = path.read_text().split()
        return -(-int(work) // int(period))
    except (OSError, ValueError):  # no container, or `max`: no limit
        return otherwise
