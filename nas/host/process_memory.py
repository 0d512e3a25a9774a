"""Anonymous memory of processes, which the kernel cannot free. Reads /proc."""

import contextlib
import os
import re
from pathlib import Path


def anonymous_bytes(process_id: int) -> int:
    """Anonymous memory of a process in bytes; 0 if it has ended, or without /proc."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return 0
    match = re.search(r"^RssAnon:\s+(\d+) kB$", status, re.MULTILINE)
    return int(match.group(1)) * 1024 if match else 0


def tree_bytes() -> int:
    """Anonymous memory of this process and of its descendants, in bytes."""
    import psutil  # workers do not need it

    process_ids = [os.getpid()]
    with contextlib.suppress(psutil.Error):
        process_ids += [child.pid for child in psutil.Process().children(recursive=True)]
    return sum(map(anonymous_bytes, process_ids))
