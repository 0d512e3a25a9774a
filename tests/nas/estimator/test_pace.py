from dataclasses import replace

import pytest

from codegen.costs.speed import Error, KernelPrices, SpeedModel
from firmware.errors import ConfigError
from firmware.targets import load_target
from nas.estimator.cost import Limits, exceeded, measure_cost
from nas.estimator.pace import Pace, make_modelled_pace, make_pace, modelled_note
from nas.quantization.predict_file import predict_file
from nas.search.config import SearchConfig
from nas.spaces import Candidate, find_space
from nas.spaces.converters import TENSORFLOW
from tests.nas.search.test_explore import CONFIG

NETWORK = find_space("folded").network(Candidate(k=4, c=1), (16, 16, 3), 2)
MODEL = SpeedModel(
    unit="cycles",
    runtime="static",
    core="cortex-m4",
    source="one board",
    kernels={
        kernel: KernelPrices({"call": 1000.0}, None)
        for kernel in ("CONV_2D+MAX_POOL_2D", "CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX")
    }
    | {"STREAM": KernelPrices({"rows": 1.0, "image rows": 10.0}, None)},
    error=Error(median=0.01, worst=0.1, count=5),
)


def test_the_time_of_a_network_is_that_of_its_calls_and_the_worst_error() -> None:
    # Eight rows of conv+pool; conv, mean, dense, softmax: 12 calls of 1,000 cycles at 1 MHz. The
    # rows themselves, 8 and 16 of the image, take 8 + 160. It may be 10 % more at worst.
    assert Pace(MODEL, 1_000_000).latency_us(predict_file(NETWORK, TENSORFLOW)[0]) == 13_385


def test_a_network_that_takes_too_long_exceeds_its_limit() -> None:
    cost = measure_cost(NETWORK, "static", TENSORFLOW, Pace(MODEL, 1_000_000))
    limits = Limits(10**9, 10**9, 10**9, latency_us=13_384)
    assert [str(need) for need in exceeded(cost, limits)] == ["latency 13,385 of 13,384 µs"]
    assert exceeded(cost, replace(limits, latency_us=13_385)) == ()


def test_a_kernel_that_was_never_measured_is_named() -> None:
    model = replace(MODEL, kernels={"MEAN": MODEL.kernels["MEAN"]})
    with pytest.raises(ConfigError, match="not contain CONV_2D, CONV_2D.MAX_POOL_2D, FULLY"):
        Pace(model, 1_000_000).latency_us(predict_file(NETWORK, TENSORFLOW)[0])


def test_instructions_give_no_latency() -> None:
    model = replace(MODEL, unit="instructions")
    with pytest.raises(ConfigError, match="counts instructions of a virtual board"):
        make_pace(model, "cortex-m4", 100_000_000, "static")


@pytest.mark.parametrize(("core", "runtime"), [("cortex-m3", "static"), ("cortex-m4", "tflm")])
def test_another_core_or_runtime_is_refused(core: str, runtime: str) -> None:
    with pytest.raises(ConfigError, match="holds for the static runtime on a cortex-m4"):
        make_pace(MODEL, core, 100_000_000, runtime)


def test_a_limit_of_time_needs_a_pace() -> None:
    timed = replace(CONFIG.limits, latency_us=50_000)
    with pytest.raises(ConfigError, match="a latency limit and a latency model need each other"):
        replace(CONFIG, limits=timed)
    config: SearchConfig = replace(CONFIG, limits=timed, pace=Pace(MODEL, 100_000_000).record)
    assert config.pace is not None
    assert (config.pace.source, config.pace.core_hz) == ("one board", 100_000_000)
    assert len(config.pace.sha256) == 64


def test_a_modelled_time_has_the_error_of_both_models() -> None:
    # 12,168 cycles as above; 10 % of the prices and 7.00 % of the cycle model are 17.7 % more.
    modelled = replace(MODEL, timing=load_target("stm32f412").timing)
    pace = Pace(modelled, 1_000_000)
    assert pace.latency_us(predict_file(NETWORK, TENSORFLOW)[0]) == 14_322
    assert pace.record.is_modelled
    assert pace.record.margin_fraction == pytest.approx(0.177)
    assert not Pace(MODEL, 1_000_000).record.is_modelled
    assert modelled_note(pace.record) == (
        "the limit of latency is judged by modelled milliseconds and 17.7 % for their errors, not "
        "by a measurement"
    )


def test_a_kernel_without_modelled_cycles_is_named() -> None:
    kernels = {"MEAN": MODEL.kernels["MEAN"]}
    model = replace(MODEL, kernels=kernels, timing=load_target("stm32f412").timing)
    with pytest.raises(ConfigError, match="no cycles were modelled for CONV_2D, CONV_2D.MAX_POOL"):
        Pace(model, 1_000_000).latency_us(predict_file(NETWORK, TENSORFLOW)[0])


@pytest.mark.parametrize(("target", "runtime"), [("stm32f412", "tflm"), ("stm32l010rb", "static")])
def test_where_no_cycles_are_modelled_a_limit_of_time_needs_a_board(
    target: str, runtime: str
) -> None:
    with pytest.raises(ConfigError, match=f"for the {runtime} runtime on {target}, so --latency"):
        make_modelled_pace(load_target(target), runtime)


def test_the_modelled_pace_of_a_target_has_its_clock() -> None:
    target = load_target("stm32f412")
    pace = make_modelled_pace(target, "static")
    slow = make_modelled_pace(target.with_chip(core_hz=50_000_000), "static")
    graph = predict_file(NETWORK, TENSORFLOW)[0]
    assert slow.latency_us(graph) == pytest.approx(2 * pace.latency_us(graph), abs=1)
