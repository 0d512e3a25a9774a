"""The folder of a small run, made without training anything."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from codegen.model.read_tflite import parse_tflite
from codegen.planning.planner import plan_graph
from firmware.files import sha256_of_bytes
from firmware.records.conversion import to_record
from firmware.targets import load_target
from nas.estimator.cost import Cost, Limits
from nas.search.answers import count_answers
from nas.search.config import SearchConfig
from nas.search.trial_store import TrialStore
from nas.search.trials import Trial, TrialStatus
from nas.spaces import Candidate
from tests.small_model import small_model

HOSTILE = (
    "<script>alert(1)</script>",
    "../../x",
    "a \"quoted\" 'name' | `b` $c$ & *d* _e_ [f](g)\n# line\x07 \u202e\udcff 名 🐈",
)
"""Names that classes may have: from folders, and from labels in arrays."""
REASON = "the worker ended with exit code 1; its last output: <img src=x onerror=alert(1)>"
CLASSES = ("cat", "dog", "other")

CONFIG = SearchConfig(
    dataset_key="d" * 64,
    shape=(6, 6, 2),
    classes=CLASSES,
    space="paper",
    strategy="bracket",
    target="stm32f412",
    runtime="static",
    limits=Limits(macc=50_000, flash_bytes=20_000, ram_bytes=4_000),
    epochs=2,
    final_epochs=4,
    seed=7,
)
IMAGES = {"train": 60, "valid": 20, "test": 12}
LABELS = [0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2]
IN_FLOAT = [0, 0, 0, 0, 1, 1, 1, 1, 0, 2, 2, 0]
IN_INT8 = [0, 0, 0, 0, 0, 1, 1, 0, 0, 2, 2, 0]
WORKER_BYTES = 30_000_000


def _trained(k: int, c: int, cost: Cost, accuracy: float, repeat: int = 0) -> Trial:
    return Trial(
        Candidate(k=k, c=c),
        TrialStatus.TRAINED,
        cost,
        accuracies=(accuracy / 2, accuracy),
        seconds=1.5,
        peak_anonymous_bytes=20_400_000,
        predicted_anonymous_bytes=20_000_000,
        repeat=repeat,
    )


WINNER = Cost(macc=9_000, model_bytes=9_000, arena_bytes=1_000)
TRIALS = (
    _trained(8, 1, Cost(5_000, 6_000, 800), 0.4),
    _trained(8, 2, WINNER, 0.5),
    _trained(16, 2, Cost(30_000, 15_000, 2_000), 0.45),
    Trial(
        Candidate(k=64, c=1),
        TrialStatus.INFEASIBLE,
        Cost(20_000, 18_000, 9_000),
        "RAM 9,000 of 4,000",
    ),
    Trial(
        Candidate(k=64, c=2), TrialStatus.INFEASIBLE, Cost(49_000, 90_000, 3_900), "flash 90,000"
    ),
    Trial(Candidate(k=64, c=3), TrialStatus.INFEASIBLE, Cost(99_000, 19_000, 3_900), "MACC 99,000"),
    Trial(
        Candidate(k=8, c=9), TrialStatus.INFEASIBLE, None, "9 cells do not fit an input of 6x6x2"
    ),
    Trial(
        Candidate(k=32, c=1),
        TrialStatus.HOST_MEMORY,
        Cost(40_000, 19_000, 3_000),
        "its training would take 31,000,000 of 30,000,000 bytes of the host",
        predicted_anonymous_bytes=31_000_000,
    ),
    Trial(Candidate(k=32, c=2), TrialStatus.FAILED, Cost(45_000, 19_500, 3_500), REASON),
    _trained(8, 2, WINNER, 0.7, repeat=1),
    _trained(16, 2, Cost(30_000, 15_000, 2_000), 0.55, repeat=1),
)


def start_record(config: SearchConfig = CONFIG) -> dict[str, Any]:
    """What search.json holds."""
    return {
        "schema": 2,
        "config": to_record(config),
        "command": ["nas", "run", "--data", "a <b> & c"],
        "target": to_record(load_target("stm32f412")),
        "versions": {"python": "3.11.2", "tensorflow": "2.21.0"},
        "host": {"system": "Linux", "machine": "armv7l", "processor": "a <Pi>", "cores": 4},
        "machine": {"workers": 2, "memory_bytes": 120_000_000, "worker_bytes": WORKER_BYTES},
        "images": IMAGES,
        "skipped_images": ["broken <i>.png"],
    }


def run_record(config: SearchConfig = CONFIG) -> dict[str, Any]:
    """What run.json holds."""
    content = small_model()
    answers = count_answers(np.array(LABELS), IN_FLOAT, IN_INT8, len(config.classes))
    return start_record(config) | {
        "trials": [to_record(trial) for trial in TRIALS],
        "winner": to_record(TRIALS[1]),
        "input": [6, 6, 2],
        "final_accuracies": [0.3, 0.8, 0.7, 0.75],
        "final_losses": [1.1, 0.8, 0.6, 0.5],
        "final_training": {"seconds": 4.0, "peak_anonymous_bytes": 22_000_000},
        "conversion": {"seconds": 3.0, "peak_anonymous_bytes": 300_000_000},
        "valid_accuracy": 0.8,
        "int8_valid_accuracy": 0.75,
        "calibration_images": 2_400,
        "float_test_accuracy": answers.float_right / answers.images,
        "int8_test_accuracy": answers.int8_right / answers.images,
        "test_answers": to_record(answers),
        "model_bytes": len(content),
        "model_sha256": sha256_of_bytes(content),
        "golden_sha256": "9" * 64,
    }


def write_run(folder: Path, **changes: Any) -> Path:
    """A finished run.

    Args:
        folder: Where; made if it is absent.
        changes: Keys of run.json with other values, or with None to leave them out; `classes` are
            those of the configuration.
    """
    config = replace(CONFIG, classes=changes.pop("classes", CLASSES))
    record = {k: v for k, v in (run_record(config) | changes).items() if v is not None}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.tflite").write_bytes(small_model())
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "search.json").write_text(json.dumps(start_record(config)))
    return folder


def timed_start_record(is_modelled: bool = False) -> dict[str, Any]:
    """What search.json holds of a search that also limits time."""
    pace: dict[str, Any] = {
        "source": "9 kernel calls of 2 networks on the <desk> board",
        "sha256": "5" * 64,
    }
    if is_modelled:
        pace |= {"is_modelled": True, "margin_fraction": 0.1}
    record = start_record()
    limits = record["config"]["limits"] | {"latency_us": 3_000}
    config = record["config"] | {"limits": limits, "pace": pace | {"core_hz": 100_000_000}}
    return record | {"config": config}


def write_timed_run(folder: Path, is_modelled: bool = False) -> Path:
    """A finished run whose search also limited time: 100 ns for each multiply-accumulate."""
    record = run_record()
    winner = record["winner"] | {"cost": record["winner"]["cost"] | {"latency_us": 1_500}}
    trials = [
        trial | {"cost": trial["cost"] | {"latency_us": trial["cost"]["macc"] // 10}}
        for trial in record["trials"]
        if trial["cost"] is not None
    ]
    config = timed_start_record(is_modelled)["config"]
    return write_run(folder, config=config, winner=winner, trials=trials)


def write_unfinished_run(
    folder: Path, trials: tuple[Trial, ...] = TRIALS[:4], record: dict[str, Any] | None = None
) -> Path:
    """A run that was killed after some trials."""
    with TrialStore(folder, CONFIG) as store:
        for trial in trials:
            store.add(trial)
    (folder / "search.json").write_text(json.dumps(record or start_record()))
    return folder


def measurement_record(**changes: Any) -> dict[str, Any]:
    """What `hil run` writes of the small model, with a field that nobody knows yet."""
    content = small_model()
    calls = len(plan_graph(parse_tflite(content)).steps)
    record = {
        "schema": 1,
        "board": "virtual",
        "runtime": "static",
        "target": "stm32f412",
        "model_sha256": sha256_of_bytes(content),
        "firmware_sha256": "f" * 64,
        "instructions": 5_000,
        "steps": [{"operators": ["?"], "instructions": 1_000 + step} for step in range(calls)],
        "checks": [
            {"quantity": "model", "promised": "1a", "measured": "1a", "holds": True},
            {"quantity": "arena bytes", "promised": "96", "measured": "96", "holds": True},
            {"quantity": "instructions", "promised": "–", "measured": "5,000", "holds": None},
        ],
        "verdict": "confirmed",
        "provenance": {"golden_sha256": "9" * 64, "compiled_with": ["GNU C17 -mthumb " * 20]},
        "of_the_future": {"a": [1]},
    }
    return record | changes


def write_measurement(path: Path, **changes: Any) -> Path:
    """A measurement file."""
    path.write_text(json.dumps(measurement_record(**changes)))
    return path
