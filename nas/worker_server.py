"""The process that imports what tasks need and forks itself for each task. I/O; run as a module.

What is imported may take seconds, as TensorFlow does; each task then runs in a fresh copy, so that
no task inherits memory, threads or random state of another, and a task that dies takes nothing
along. TensorFlow's own threads start with its first operation, which only copies ever run.

Requests come as JSON lines on standard input: `{"task": "module:function", "arguments": {…},
"log": path}`. Events go as JSON lines to standard output: `ready`, `started`, `progress`, `result`,
`error`, `ended`.
"""

import contextlib
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from firmware.die_with_parent import die_with_parent
from firmware.errors import SdkError
from nas.process_memory import anonymous_bytes

Emit = Callable[[dict[str, Any]], None]


def main() -> int:
    """Serve tasks until standard input ends; `argv` holds the parent's id and a module."""
    die_with_parent(int(sys.argv[1]))
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as events:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        importlib.import_module(sys.argv[2])
        gc.freeze()  # else the first collection in a copy would touch, and so copy, every page
        emit = _emitter(events)
        emit({"event": "ready"})
        for line in sys.stdin:
            _serve(json.loads(line), emit)
    return 0


def _emitter(events: TextIO) -> Emit:
    def emit(event: dict[str, Any]) -> None:
        events.write(json.dumps(event) + "\n")
        events.flush()

    return emit


def _serve(request: dict[str, Any], emit: Emit) -> None:
    server_id = os.getpid()
    process_id = os.fork()
    if process_id == 0:
        _run_and_exit(request, emit, server_id)
    emit({"event": "started", "process_id": process_id})
    _, status = os.waitpid(process_id, 0)
    emit({"event": "ended", "exit_code": os.waitstatus_to_exitcode(status)})


def _run_and_exit(request: dict[str, Any], emit: Emit, server_id: int) -> None:
    """Run one task in this copy of the process, which ends with it."""
    exit_code = 1
    try:
        die_with_parent(server_id)
        _be_the_first_to_go()
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, sys.stdout.fileno())
        os.dup2(log, sys.stderr.fileno())
        module, _, function = request["task"].partition(":")
        task = getattr(importlib.import_module(module), function)
        value = task(request["arguments"], lambda record: _emit_progress(record, emit))
        emit({"event": "result", "value": value})
        exit_code = 0
    except SdkError as error:
        emit({"event": "error", "class": type(error).__name__, "text": str(error)})
    except Exception as error:  # the parent gets every failure of a task as its reason
        emit({"event": "error", "class": "", "text": f"{type(error).__name__}: {error}"[:2000]})
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def _be_the_first_to_go() -> None:
    """Where memory runs out, the kernel ends this task and not the search that would record it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _emit_progress(record: dict[str, Any], emit: Emit) -> None:
    """With the memory in use, which may be gone when the parent looks."""
    used = anonymous_bytes(os.getpid())
    emit({"event": "progress", "anonymous_bytes": used, "record": record})


if __name__ == "__main__":
    sys.exit(main())
