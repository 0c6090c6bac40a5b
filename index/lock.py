"""One writer for a data directory."""

import fcntl
from pathlib import Path
from typing import IO

from index.errors import IndexLocked


def locked(path: Path) -> IO[str]:
    """Hold the directory's lock; the system lets go of it when the process ends, however."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise IndexLocked(
            f"{path.parent} is in use by another process: stop it, or use `--url` to talk to it"
        ) from None
    return file
