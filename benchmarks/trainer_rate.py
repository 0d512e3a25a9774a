"""How fast the trainer computes each kind of layer, forward and backward, on one core.

    python -m benchmarks.trainer_rate [--rounds 5] [--json FILE]

Each network takes steps of Adam on one thread, with random images; the best of the rounds counts,
as what is slower was disturbed. A step takes each multiply-accumulate three times: forward, for the
gradients of the input and for those of the weights; each is 2 floating-point operations. The rate
of a single layer is the difference between a network with it and one without it.

The table gives GFLOP/s, the share of the peak (of a loop that multiplies and adds in registers
alone) and the share of a 3x3 convolution of 24 channels. The exit code is 1 if a layer has less
than 35 % of the latter.
"""

import argparse
import ctypes
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

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
from nas.trainer.build import FLAGS
from nas.trainer.library import load_library
from nas.trainer.network import TrainableNetwork

CLASSES, IMAGES, PART, PASSES = 10, 64, 32, 3
FLOP_PER_MAC, LEAST_SHARE = 2, 0.35
PEAK_TURNS = 1_000_000
PEAK_SOURCE = Path(__file__).with_name("peak_rate.c")
Pairing = tuple[Network, Network | None]
"""A network, and the part of it that is not of interest."""


@dataclass(frozen=True)
class Layer:
    """A layer that is measured alone.

    Attributes:
        operation: What it computes.
        channels: Channels of its input.
        side: Rows and columns of its windows.
    """

    operation: Convolution | DepthwiseConvolution
    channels: int
    side: int

    @property
    def name(self) -> str:
        """Its kind, kernel and stride, and the shapes, in one line."""
        own = self.operation
        is_full = isinstance(own, Convolution)
        outputs = own.channels if isinstance(own, Convolution) else self.channels
        return (
            f"{'convolution' if is_full else 'depthwise'} {_text(own.kernel)}, stride "
            f"{_text(own.stride)}, {self.channels} to {outputs} at {self.side}×{self.side}"
        )


def main() -> int:
    """Print the table; gives the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="(%(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures")
    arguments = parser.parse_args()
    load_library(lambda stage: print(stage, file=sys.stderr))
    pairs = {layer.name: _pairing(layer) for layer in layers()} | dict(whole_networks())
    best = best_seconds([network for pair in pairs.values() for network in pair], arguments.rounds)
    peak = peak_rate(arguments.rounds)
    rates = {name: _rate(pair, best) for name, pair in pairs.items()}
    first = rates[next(layers()).name]
    print(f"{'peak of one core':<54} {FLOP_PER_MAC * peak / 1e9:6.1f} GFLOP/s")
    for name, rate in rates.items():
        print(
            f"{name:<54} {FLOP_PER_MAC * rate / 1e9:6.1f} GFLOP/s, {100 * rate / peak:3.0f} % of "
            f"the peak, {100 * rate / first:3.0f} % of the first"
        )
    if arguments.json:
        write_json(arguments.json, {"peak_macs_per_second": peak, "macs_per_second": rates})
    slow = [layer.name for layer in layers() if rates[layer.name] < LEAST_SHARE * first]
    for name in slow:
        print(f"too slow: {name}", file=sys.stderr)
    return 1 if slow else 0


def peak_rate(rounds: int) -> float:
    """The most multiply-accumulates per second of this core, as compiled for the trainer."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "peak_rate.so"
        include = Path(__file__).parents[1] / "nas" / "trainer"
        command = ["gcc", *FLAGS, "-shared", f"-I{include}", "-o", str(path), str(PEAK_SOURCE)]
        subprocess.run(command, check=True, timeout=60)
        library = ctypes.CDLL(str(path))
    library.multiply.argtypes = ctypes.c_int64, ctypes.c_float, ctypes.c_float
    seconds = []
    for _ in range(rounds):
        first = time.process_time()
        library.multiply(PEAK_TURNS, 0.5, 1.0)
        seconds.append(time.process_time() - first)
    return float(PEAK_TURNS * library.macs_of_turn() / min(seconds))


def _rate(pair: Pairing, best: dict[Network, float]) -> float:
    """Multiply-accumulates per second of what a network has that the other one has not."""
    network, without = pair
    macs, seconds = count_macs(network), best[network]
    if without is not None:
        macs, seconds = macs - count_macs(without), seconds - best[without]
    return PASSES * macs * IMAGES / seconds


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


def layers() -> Iterator[Layer]:
    """Layers of all kinds; the first one is what the others are compared with.

    24 channels, and what inverted residual blocks make of them; then layers with few pixels and
    many channels, as at the end of a network.
    """
    for kernel, stride in (
        ((3, 3), (1, 1)),
        ((3, 3), (2, 2)),
        ((3, 3), (1, 2)),
        ((5, 5), (1, 1)),
        ((5, 5), (2, 2)),
        ((7, 7), (1, 1)),
        ((7, 7), (2, 2)),
        ((1, 7), (1, 1)),
        ((1, 1), (1, 1)),
        ((1, 1), (2, 2)),
    ):
        yield Layer(Convolution(24, kernel, stride, has_bias=False), 24, 32)
    for inputs, outputs, side in ((24, 144, 16), (144, 24, 16), (96, 96, 4)):
        yield Layer(Convolution(outputs, (1, 1), (1, 1), has_bias=False), inputs, side)
    for size in (3, 5, 7):
        for by in (1, 2):
            yield Layer(DepthwiseConvolution((size, size), (by, by), has_bias=False), 24, 32)
            yield Layer(DepthwiseConvolution((size, size), (by, by), has_bias=False), 96, 8)


def _text(pair: Pair) -> str:
    return f"{pair[0]}×{pair[1]}"


def _pairing(layer: Layer) -> Pairing:
    """A network with the layer, and the same without it."""
    return _around(layer, layer.operation), _around(layer, None)


def _around(layer: Layer, operation: Operation | None) -> Network:
    stride = layer.operation.stride
    build = NetworkBuilder((layer.side * stride[0], layer.side * stride[1], 1))
    x = build.append(Convolution(layer.channels, (1, 1)), build.image)
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
