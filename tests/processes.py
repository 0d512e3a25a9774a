"""Whether processes run."""

import time
from pathlib import Path


def is_running(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def ends_soon(process_id: int) -> bool:
    """Whether a process ends within some seconds."""
    end_s = time.monotonic() + 10
    while is_running(process_id) and time.monotonic() < end_s:
        time.sleep(0.01)
    return not is_running(process_id)
