"""The process that imports the modules of tasks, and forks for each task. I/O; run as a module.

An import may take seconds, as that of TensorFlow does. Each task runs in a fork, so it inherits no
memory, threads or random state of another task, and a task that dies affects no other one.
TensorFlow starts its threads with the first operation, which runs only in forks.

Requests are JSON lines on standard input: `{"task": "module:function", "arguments": {…}}`. Events
are JSON lines on standard output: `ready`, `started`, `progress`, `result`, `error`, `ended`. Only
the task writes while it runs, so that lines do not mix.
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
from nas.host.process_memory import anonymous_bytes

Emit = Callable[[dict[str, Any]], None]


def main() -> int:
    """Run tasks until standard input ends; `argv` is a module, and the log file of the tasks."""
    log = int(sys.argv[2])
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as events:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        importlib.import_module(sys.argv[1])
        gc.freeze()  # else the first garbage collection of a fork copies every page
        emit = _emitter(events)
        emit({"event": "ready"})
        for line in sys.stdin:
            _serve(json.loads(line), emit, log)
    return 0


def _emitter(events: TextIO) -> Emit:
    def emit(event: dict[str, Any]) -> None:
        # A killed task may have left an unfinished line.
        events.write("\n" + json.dumps(event) + "\n")
        events.flush()

    return emit


def _serve(request: dict[str, Any], emit: Emit, log: int) -> None:
    server_id = os.getpid()
    process_id = os.fork()
    if process_id == 0:
        _run_and_exit(request, emit, server_id, log)
    _, status = os.waitpid(process_id, 0)
    emit({"event": "ended", "exit_code": os.waitstatus_to_exitcode(status)})


def _run_and_exit(request: dict[str, Any], emit: Emit, server_id: int, log: int) -> None:
    """Run one task in this fork, which ends with it."""
    exit_code = 1
    try:
        die_with_parent(server_id)
        _be_the_first_to_go()
        emit({"event": "started", "process_id": os.getpid()})
        os.dup2(log, sys.stdout.fileno())
        os.dup2(log, sys.stderr.fileno())
        module, _, function = request["task"].partition(":")
        task = getattr(importlib.import_module(module), function)
        value = task(request["arguments"], lambda record: _emit_progress(record, emit))
        emit({"event": "result", "value": value})
        exit_code = 0
    except SdkError as error:
        emit({"event": "error", "class": type(error).__name__, "text": str(error)})
    except OSError as error:
        record = {"event": "error", "errno": error.errno, "text": error.strerror or str(error)}
        emit(record | {"filename": error.filename and str(error.filename)})
    except Exception as error:  # the parent reports every failure
        emit({"event": "error", "class": "", "text": f"{type(error).__name__}: {error}"[:2000]})
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)


def _be_the_first_to_go() -> None:
    """Let the kernel end this task, and not the search, if memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def _emit_progress(record: dict[str, Any], emit: Emit) -> None:
    """Add the memory in use, which may be freed before the parent samples it."""
    used = anonymous_bytes(os.getpid())
    emit({"event": "progress", "anonymous_bytes": used, "record": record})


if __name__ == "__main__":
    sys.exit(main())
