"""The blocks of residual and inverted-residual networks, and their stages. Pure.

Source of the blocks: ResNet (He et al. 2016), MobileNet (Howard et al. 2017), MobileNetV2 (Sandler
et al. 2018).
"""

from dataclasses import astuple, dataclass
from typing import ClassVar, Self

from nas.network.builder import NetworkBuilder
from nas.spaces.candidate import Candidate

FACTORS = (2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Channels in quarters of the stem's channels, by the value of a width."""
SAME_WIDTH = FACTORS.index(4)
MOST_STAGES = 6
CHANNEL_STEP = 4
"""All channels are multiples of it, because the kernels on the chip compute four at a time."""
PLAIN, SEPARABLE = 0, 1
"""Values of the expansion that stand for blocks other than the inverted residual one."""
IDENTITIES, PROJECTIONS = 1, 2
"""Values of `skip`: around blocks that keep the shape, and around the others too."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Blocks of the same output shape.

    Attributes:
        blocks: Their number.
        width: Their channels, as an index into `FACTORS`.
        kernel: Rows and columns of their kernels that are not 1×1.
        expansion: `PLAIN` for two full convolutions, `SEPARABLE` for a depthwise and a 1×1
            convolution; above, for an inverted residual block, how many times as many channels
            its depthwise convolution has as its input.
        stride: Stride of the first block.
    """

    blocks: int
    width: int
    kernel: int
    expansion: int
    stride: int

    ranges: ClassVar[dict[str, range]] = {
        "blocks": range(1, 7),
        "width": range(len(FACTORS)),
        "kernel": range(3, 8, 2),
        "expansion": range(7),
        "stride": range(1, 3),
    }

    @classmethod
    def of(cls, candidate: Candidate, number: int) -> Self:
        """A stage of a candidate, counted from 1."""
        return cls(*(candidate[name] for name in cls.names(number)))

    @classmethod
    def names(cls, number: int) -> tuple[str, ...]:
        """The names of a candidate's values for a stage: `b1`, `w1`, `k1`, `e1`, `s1`."""
        return tuple(f"{name[0]}{number}" for name in cls.ranges)

    def values(self, number: int) -> dict[str, int]:
        """A candidate's values for this stage."""
        return dict(zip(self.names(number), astuple(self), strict=True))

    def next_one(self) -> "Stage":
        """The stage that is added after this one: one block, half the resolution, more channels."""
        width = min(self.width + 2, len(FACTORS) - 1)
        return Stage(1, width, 3, self.expansion, 2)


def channels_of(stem: int, width: int) -> int:
    """Channels of a layer for the stem's channels and an index into `FACTORS`, rounded up."""
    quarters = CHANNEL_STEP * 4
    return -(-stem * FACTORS[width] // quarters) * CHANNEL_STEP


def add_stage(
    build: NetworkBuilder, x: int, inputs: int, channels: int, stage: Stage, skip: int
) -> int:
    """Add the blocks of a stage; returns the last node.

    Args:
        build: The network.
        x: The node before the stage.
        inputs: Channels of that node.
        channels: Channels of the stage.
        stage: The stage.
        skip: 0, `IDENTITIES` or `PROJECTIONS`.
    """
    for block in range(stage.blocks):
        stride = stage.stride if block == 0 else 1
        is_kept = stride == 1 and inputs == channels
        is_linear = stage.expansion > SEPARABLE
        has_skip = skip == PROJECTIONS or (skip == IDENTITIES and is_kept)
        y = _branch(build, x, inputs, channels, stage, stride, not (is_linear or has_skip))
        if has_skip and not is_kept:
            x = build.convolution(x, channels, kernel=1, stride=stride, has_relu=False)
        x = build.add(x, y, has_relu=not is_linear) if has_skip else y
        inputs = channels
    return x


def _branch(
    build: NetworkBuilder,
    x: int,
    inputs: int,
    channels: int,
    stage: Stage,
    stride: int,
    has_relu: bool,
) -> int:
    """Add the convolutions of a block; the last one may have a ReLU."""
    if stage.expansion == PLAIN:
        x = build.convolution(x, channels, stage.kernel, stride)
        return build.convolution(x, channels, stage.kernel, has_relu=has_relu)
    if stage.expansion > SEPARABLE:
        x = build.convolution(x, stage.expansion * inputs, kernel=1)
    x = build.depthwise(x, stage.kernel, stride)
    return build.convolution(x, channels, kernel=1, has_relu=has_relu)
