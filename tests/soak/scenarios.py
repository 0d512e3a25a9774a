"""Which command meets which fault, and what must be true afterwards."""

import contextlib
import json
import os
import random
import signal
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from firmware.files import sha256_of_bytes, sha256_of_file
from tests.fuzz.formats import find_format
from tests.fuzz.reader import input_of
from tests.small_model import small_model
from tests.soak.desk import INTERRUPTED_S, Desk, Ended, Violation

SEARCH = (
    *("nas", "run", "--data", "digits", "--target", "stm32f412", "--macc", "3000"),
    *("--final-epochs", "5", "--out", "run"),
)
SEARCH_S = 12.0
"""About how long it takes: faults come in this time."""
BUILD = ("codegen", "build", "small.tflite", "--target", "stm32f412", "--out", "project")
BUILD_S = 1.5
MEASURE = ("hil", "run", "project", "--board", "virtual")
MEASURE_S = 4.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_BEFORE_START = (-signal.SIGINT, -signal.SIGTERM)

Scenario = Callable[[Desk, random.Random, dict[str, str]], None]
"""Gets a fresh desk, where to draw from, and undisturbed results, by name, to compare with."""


def digest(folder: Path, *names: str) -> str:
    """What a folder holds: of these files, or of all but what is the user's or the compiler's."""
    paths = [folder / name for name in names] or sorted(
        own
        for own in folder.rglob("*")
        if own.is_file() and own.name != "notes.txt" and ".pio" not in own.parts
    )
    parts = [f"{own.relative_to(folder)} {sha256_of_file(own)}" for own in paths]
    return sha256_of_bytes("\n".join(parts).encode())


def _measured(project: Path) -> str:
    """What was measured, without the hash of an ELF, whose debug information names its folder."""
    record = json.loads((project / "measurement.json").read_text())
    kept = ("model_sha256", "verdict", "instructions", "arena_bytes", "stack_peak_bytes", "steps")
    return json.dumps([record[name] for name in kept])


def undisturbed(desk: Desk, has_board: bool = True) -> dict[str, str]:
    """What the commands come to when nothing happens."""
    (desk.work / "small.tflite").write_bytes(small_model())
    for words in (SEARCH, BUILD):
        _expect(desk.run(*words), 0)
    expected = {
        "run": digest(desk.work / "run", "model.tflite", "golden.npz"),
        "project": digest(desk.work / "project", "manifest.json"),
    }
    if has_board:
        _expect(desk.run(*MEASURE), 0)
        expected["measurement"] = _measured(desk.work / "project")
    desk.check_nothing_is_left()
    return expected


def a_search_gets_a_signal(desk: Desk, rng: random.Random, expected: dict[str, str]) -> None:
    """Ctrl-C, SIGTERM, perhaps twice, to the process or its group; then it goes on."""
    desk.leave_notes(desk.work / "run")
    ended = _signalled(desk, rng, SEARCH, SEARCH_S)
    if ended.code != 0:
        _expect(ended, 130, 143, *_BEFORE_START)
        if ended.code > 0 and "interrupted" not in ended.error and "terminated" not in ended.error:
            raise Violation(f"no word of the signal: {ended.error[-300:]!r}")
    desk.check_nothing_is_left()
    _finish_search(desk, expected)


def a_search_is_killed(desk: Desk, rng: random.Random, expected: dict[str, str]) -> None:
    """kill -9; nothing goes on running, and the same command finishes."""
    desk.leave_notes(desk.work / "run")
    desk.run(*SEARCH, fault=_kill, after_s=rng.uniform(0, SEARCH_S))
    desk.check_nothing_is_left(may_have_temporary=True)
    _finish_search(desk, expected)


def a_process_of_a_search_is_killed(
    desk: Desk, rng: random.Random, expected: dict[str, str]
) -> None:
    """A worker that is killed changes nothing."""

    def kill_a_child(process: "subprocess.Popen[bytes]") -> None:
        children = [own for own in desk.processes() if own != process.pid]
        if children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(sorted(children)), signal.SIGKILL)

    ended = desk.run(*SEARCH, fault=kill_a_child, after_s=rng.uniform(0.5, SEARCH_S))
    _expect(ended, 0, 1)  # the winner's training may be what was killed
    desk.check_nothing_is_left()
    _finish_search(desk, expected)


def a_search_fills_the_disk(desk: Desk, rng: random.Random, expected: dict[str, str]) -> None:
    """A full disk is one line; with room the same command finishes."""
    folder = rng.choice((desk.work / "run", desk.cache, desk.temporary))
    with _small_disk(folder, rng.choice((4, 16, 40, 80, 150, 300)) << 10) as is_small:
        if not is_small:
            return
        ended = desk.run(*SEARCH)
        _expect(ended, 0, 1)
        if ended.code == 1 and "error:" not in ended.last_line:
            raise Violation(f"a full disk is not told last: {ended.error[-300:]!r}")
        desk.check_nothing_is_left()
    _finish_search(desk, expected)


def a_file_of_a_run_is_damaged(desk: Desk, rng: random.Random, expected: dict[str, str]) -> None:
    """It is refused, or what was lost is made again."""
    _expect(desk.run(*SEARCH), 0)
    if rng.random() < 0.5:
        (desk.work / "run" / "run.json").unlink()
    path = rng.choice([own for own in sorted((desk.work / "run").iterdir()) if own.is_file()])
    content = bytearray(path.read_bytes()) or bytearray(1)
    for _ in range(rng.choice((1, 1, 20))):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content if rng.random() < 0.7 else content[: rng.randrange(len(content))])
    ended = desk.run(*SEARCH)
    _expect(ended, 0, 1)
    desk.check_nothing_is_left()
    if ended.code == 0:
        _compare(desk.work / "run", expected["run"], "model.tflite", "golden.npz")
    _expect(desk.run("nas", "report", "run"), 0, 1)
    desk.check_nothing_is_left()


def a_build_gets_a_signal(desk: Desk, rng: random.Random, expected: dict[str, str]) -> None:
    """Over a project of before, or in an empty folder."""
    (desk.work / "small.tflite").write_bytes(small_model())
    desk.leave_notes(desk.work / "project")
    if rng.random() < 0.5:
        _expect(desk.run(*BUILD), 0)
    if rng.random() < 0.5:
        _expect(_signalled(desk, rng, BUILD, BUILD_S), 0, 130, 143, *_BEFORE_START)
    else:
        desk.run(*BUILD, fault=_kill, after_s=rng.uniform(0, BUILD_S))
    desk.check_nothing_is_left(may_have_temporary=True)
    _expect(desk.run(*BUILD), 0)
    desk.check_nothing_is_left()
    _compare(desk.work / "project", expected["project"], "manifest.json")


def a_measurement_gets_a_signal(desk: Desk, rng: random.Random, expected: dict[str, str]) -> None:
    """While firmware is compiled, or runs in QEMU."""
    (desk.work / "small.tflite").write_bytes(small_model())
    _expect(desk.run(*BUILD), 0)
    desk.leave_notes(desk.work / "project")
    if rng.random() < 0.6:
        _expect(_signalled(desk, rng, MEASURE, MEASURE_S), 0, 130, 143, *_BEFORE_START)
    else:
        desk.run(*MEASURE, fault=_kill, after_s=rng.uniform(0, MEASURE_S))
    desk.check_nothing_is_left(may_have_temporary=True)
    _expect(desk.run(*MEASURE), 0)
    desk.check_nothing_is_left()
    if _measured(desk.work / "project") != expected["measurement"]:
        raise Violation("measurement.json: another result than undisturbed")


def a_model_is_hostile(desk: Desk, rng: random.Random, _: dict[str, str]) -> None:
    """It is refused, or generated, within seconds."""
    own = find_format("tflite")
    (desk.work / "other.tflite").write_bytes(input_of(own, rng.randrange(1 << 30), 0))
    for words in (
        ("nas", "estimate", "other.tflite"),
        ("nas", "golden", "other.tflite", "--out", "golden.npz"),
        ("codegen", "build", "other.tflite", "--target", "stm32f412", "--out", "project"),
    ):
        _expect(desk.run(*words, limit_s=30), 0, 1)
        desk.check_nothing_is_left()


def an_archive_is_hostile(desk: Desk, rng: random.Random, _: dict[str, str]) -> None:
    """Images that cannot be used are refused in one line."""
    own = find_format(rng.choice(("npz", "zip")))
    path = desk.work / f"data.{own.name}"
    path.write_bytes(input_of(own, rng.randrange(1 << 30), 0))
    if rng.random() < 0.2:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("cat/bomb.png", bytes(300 << 20))
    _expect(desk.run("nas", "data", "check", path.name, limit_s=30), 0, 1)
    desk.check_nothing_is_left()
    words = ("run", "--data", path.name, "--target", "stm32f412", "--macc", "3000")
    final = ("--final-epochs", "1", "--epochs", "1", "--out", "run")
    _expect(desk.run("nas", *words, *final), 0, 1)
    desk.check_nothing_is_left()


def a_line_is_noisy(desk: Desk, rng: random.Random, _: dict[str, str]) -> None:
    """A virtual Nucleo on a bad line is measured rightly, or fails by name."""
    (desk.work / "small.tflite").write_bytes(small_model())
    _expect(desk.run(*BUILD), 0)
    faults = (rng.choice(("--drop", "--flip")), str(rng.choice((0.0001, 0.0005, 0.002))))
    served = desk.serve("hil", "virtual", *faults, "--seed", str(rng.randrange(1000)))
    with served as bench:
        (desk.work / "bench.toml").write_text(bench)
        words = ("hil", "run", "project", "--board", "desk", "--bench", "bench.toml")
        ended = desk.run(*words, limit_s=400)
        if ended.code not in (0, *range(10, 24)):
            raise Violation(f"exit code {ended.code}: {ended.error[-300:]!r}")
    desk.check_nothing_is_left()


SCENARIOS: tuple[Scenario, ...] = (
    a_search_gets_a_signal,
    a_search_is_killed,
    a_process_of_a_search_is_killed,
    a_search_fills_the_disk,
    a_file_of_a_run_is_damaged,
    a_build_gets_a_signal,
    a_measurement_gets_a_signal,
    a_model_is_hostile,
    an_archive_is_hostile,
    a_line_is_noisy,
)


def _signalled(desk: Desk, rng: random.Random, words: tuple[str, ...], usual_s: float) -> Ended:
    """How a command ends that gets a signal at some moment, and perhaps another one."""
    number, to_group = rng.choice(_SIGNALS), rng.random() < 0.5
    times = rng.choice((1, 1, 2, 5))

    def send(process: "subprocess.Popen[bytes]") -> None:
        for index in range(times):
            with contextlib.suppress(ProcessLookupError):
                (os.killpg if to_group else os.kill)(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.0 if index == times - 1 else 0.1)

    ended = desk.run(*words, fault=send, after_s=rng.uniform(0, usual_s))
    if ended.code != 0 and ended.seconds > INTERRUPTED_S:
        raise Violation(f"ended {ended.seconds:.1f} s after {number.name}")
    return ended


def _kill(process: "subprocess.Popen[bytes]") -> None:
    process.kill()


def _finish_search(desk: Desk, expected: dict[str, str]) -> None:
    _expect(desk.run(*SEARCH), 0)
    desk.check_nothing_is_left()
    _compare(desk.work / "run", expected["run"], "model.tflite", "golden.npz")


def _expect(ended: Ended, *codes: int) -> None:
    if ended.code not in codes:
        raise Violation(f"exit code {ended.code}, expected {codes}: {ended.error[-400:]!r}")


def _compare(folder: Path, expected: str, *names: str) -> None:
    if digest(folder, *names) != expected:
        raise Violation(f"{', '.join(names)}: another result than undisturbed")


@contextlib.contextmanager
def _small_disk(folder: Path, size_bytes: int) -> Iterator[bool]:
    """Make a folder a small file system; gives whether that is allowed here."""
    folder.mkdir(exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        yield False
        return
    try:
        yield True
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
