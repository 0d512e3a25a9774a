"""How fast the trainer computes networks of many forms: multiply-accumulates per second.

    python -m benchmarks.trainer_rate [--rounds 5] [--json FILE]

Each network takes steps of Adam on one thread, with random images; the best of the rounds counts,
as what is slower was disturbed. A step takes each multiply-accumulate three times: forward, for the
gradients of the input and for those of the weights. A single convolution is the difference between
a network with it and one without it. All are compared with the first of their block, which has the
form that is in the searched chains.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from firmware.files import write_json
from nas.network.builder import NetworkBuilder
from nas.network.description import (
    Convolution,
    DepthwiseConvolution,
    Network,
    Operation,
    Pair,
    Shape,
)
from nas.network.parameters import initial_parameters
from nas.network.shapes import count_macs
from nas.spaces import find_space
from nas.trainer.library import load_library
from nas.trainer.network import TrainableNetwork

CLASSES, IMAGES, PART, PASSES = 10, 64, 32, 3
Pairing = tuple[Network, Network | None]
"""A network, and the part of it that is not of interest."""


def main() -> int:
    """Print the rates; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="(%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    load_library(lambda stage: print(stage, file=sys.stderr))
    figures: dict[str, float] = {}
    for block in (whole_networks(), kernels(), depthwise_kernels()):
        figures |= measure_block(dict(block), arguments.rounds)
    if arguments.json:
        write_json(arguments.json, {"macs_per_second": figures})
    return 0


def measure_block(pairs: dict[str, Pairing], rounds: int) -> dict[str, float]:
    """Print the multiply-accumulates per second of some networks, and give them by name."""
    best = best_seconds([network for pair in pairs.values() for network in pair], rounds)
    rates: dict[str, float] = {}
    for name, (network, without) in pairs.items():
        macs, seconds = count_macs(network), best[network]
        if without is not None:
            macs, seconds = macs - count_macs(without), seconds - best[without]
        rates[name] = PASSES * macs * IMAGES / seconds
        share = rates[name] / next(iter(rates.values()))
        print(f"{name:<34} {rates[name] / 1e9:6.1f} GMAC/s {100 * share:5.0f} %", flush=True)
    return rates


def whole_networks() -> Iterator[tuple[str, Pairing]]:
    """A chain of the search, and a residual network of the size that gateways see."""
    space = find_space("folded")
    yield "folded 24,3 at 50×50", (space.network(space.parse("24,3"), (50, 50, 3), CLASSES), None)
    yield "residual 16, 32, 64 at 32×32", (residual((32, 32, 3)), None)


def residual(shape: Shape) -> Network:
    """Three stages of one block each; the later two begin with a stride of 2.

    Source: the image classification network of MLPerf Tiny, Banbury et al., 2021.
    """
    build = NetworkBuilder(shape)
    x = build.convolution(build.image, 16)
    for channels, stride in ((16, 1), (32, 2), (64, 2)):
        y = build.convolution(x, channels, stride=stride)
        y = build.convolution(y, channels, has_relu=False)
        if stride > 1:
            x = build.append(Convolution(channels, (1, 1), (stride, stride)), x)
        x = build.add(x, y, has_relu=True)
    return build.classify(x, CLASSES)


def kernels() -> Iterator[tuple[str, Pairing]]:
    """A convolution of 24 channels, with as many windows in all forms."""
    forms: tuple[tuple[Pair, Pair], ...] = (
        ((3, 3), (1, 1)),
        ((3, 3), (2, 2)),
        ((3, 3), (1, 2)),
        ((5, 5), (1, 1)),
        ((5, 5), (2, 2)),
        ((7, 7), (2, 2)),
        ((1, 7), (1, 1)),
        ((1, 1), (1, 1)),
        ((1, 1), (2, 2)),
    )
    for kernel, stride in forms:
        name = f"convolution {_text(kernel)}, stride {_text(stride)}"
        yield name, _alone(Convolution(24, kernel, stride, has_bias=False), stride)


def depthwise_kernels() -> Iterator[tuple[str, Pairing]]:
    """The same, depthwise."""
    forms: tuple[tuple[Pair, Pair], ...] = (
        ((3, 3), (1, 1)),
        ((3, 3), (2, 2)),
        ((5, 5), (1, 1)),
        ((5, 5), (2, 2)),
    )
    for kernel, stride in forms:
        name = f"depthwise {_text(kernel)}, stride {_text(stride)}"
        yield name, _alone(DepthwiseConvolution(kernel, stride, has_bias=False), stride)


def _text(pair: Pair) -> str:
    return f"{pair[0]}×{pair[1]}"


def _alone(operation: Operation, stride: Pair) -> Pairing:
    """An operation that reads 24 channels and gives 32×32 windows; and what is around it."""
    return _around(operation, stride), _around(None, stride)


def _around(operation: Operation | None, stride: Pair) -> Network:
    build = NetworkBuilder((32 * stride[0], 32 * stride[1], 3))
    x = build.append(Convolution(24, (1, 1)), build.image)
    return build.classify(x if operation is None else build.append(operation, x), CLASSES)


def best_seconds(networks: list[Network | None], rounds: int) -> dict[Network, float]:
    """Of a pass over the images, by network; networks take turns."""
    best: dict[Network, float] = {}
    for _ in range(rounds):
        for network in networks:
            if network is not None:
                best[network] = min(best.get(network, float("inf")), _seconds(network))
    return best


def _seconds(network: Network) -> float:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (IMAGES, *network.image)).astype(np.uint8)
    labels = rng.integers(0, CLASSES, IMAGES).astype(np.int32)
    order, rates = np.arange(IMAGES, dtype=np.int64), np.full(IMAGES // PART, 1e-3, np.float32)
    with TrainableNetwork(network, PART) as trained:
        state = np.zeros((3, trained.parameter_count), np.float32)
        state[0] = initial_parameters(network, 0)
        trained.train(state, images, labels, order, 0, rates, 0)
        first = time.process_time()
        trained.train(state, images, labels, order, 0, rates, 0)
        return time.process_time() - first


if __name__ == "__main__":
    sys.exit(main())
