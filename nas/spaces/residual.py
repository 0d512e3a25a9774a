"""Residual and inverted-residual networks: a stem, stages of blocks, a last layer. Pure."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from firmware.errors import ConfigError
from nas.network.builder import NetworkBuilder
from nas.network.description import Network, Shape
from nas.spaces.blocks import FACTORS, MOST_STAGES, SAME_WIDTH, Stage, add_stage, channels_of
from nas.spaces.candidate import SIDE, Candidate
from nas.spaces.space import SearchSpace
from nas.spaces.strategies import EVOLUTION
from nas.spaces.templates import FIRST, RESNET, TEMPLATES

_STAGES = range(1, MOST_STAGES + 1)
_OF_A_STAGE = {
    "blocks": "blocks of stage",
    "width": "width of stage",
    "kernel": "kernel of stage",
    "expansion": "expansion of stage",
    "stride": "stride of stage",
}


class Residual(SearchSpace):
    """A convolution, up to six stages of equal blocks, and a 1×1 convolution before the mean.

    It contains ResNet-8, MobileNet and networks like MobileNetV2 and DS-CNN. The values of stages
    that a candidate does not have are 0.
    """

    name = "residual"
    dimensions: ClassVar[dict[str, range]] = {
        "width": range(4, 513),
        "stages": range(1, MOST_STAGES + 1),
        "skip": range(3),
        "last": range(len(FACTORS)),
        "kernel": range(3, 8, 2),
        "stride": range(1, 3),
    } | {
        name: values
        for number in _STAGES
        for name, values in zip(Stage.names(number), Stage.ranges.values(), strict=True)
    }
    words: ClassVar[dict[str, str]] = {
        "width": "channels of the stem",
        "stages": "stages of blocks",
        "skip": "skip connections: 0 none, 1 where the shape is kept, 2 with projections too",
        "last": "width of the last 1×1 convolution, 0 for none",
        "kernel": "kernel of the stem",
        "stride": "stride of the stem",
    } | {
        f"{name[0]}{number}": f"{words} {number}"
        for number in _STAGES
        for name, words in _OF_A_STAGE.items()
    }
    width_name, depth_name = "width", "stages"
    strategy = EVOLUTION

    def build(self, candidate: Candidate, shape: Shape, classes: int) -> Network:
        """See `SearchSpace`."""
        stem = channels_of(candidate["width"], SAME_WIDTH)
        _check_strides(candidate, shape)
        build, inputs = NetworkBuilder(shape), stem
        x = build.convolution(build.image, stem, candidate["kernel"], candidate["stride"])
        for stage in _stages(candidate):
            channels = channels_of(candidate["width"], stage.width)
            x = add_stage(build, x, inputs, channels, stage, candidate["skip"])
            inputs = channels
        if candidate["last"]:
            x = build.convolution(x, channels_of(candidate["width"], candidate["last"]), kernel=1)
        return build.classify(x, classes)

    def ranges(self, candidate: Candidate) -> Mapping[str, range]:
        """See `SearchSpace`; the values of stages that the candidate does not have must be 0."""
        unused = [name for number in _STAGES[candidate["stages"] :] for name in Stage.names(number)]
        return self.dimensions | dict.fromkeys(unused, range(1))

    @property
    def example(self) -> Candidate:
        """ResNet-8."""
        return RESNET.candidate(16)

    def start(self, shape: Shape, side: int = 0) -> list[Candidate]:
        """See `SearchSpace`; separable residual networks whose stages halve the resolution."""
        found = []
        for count in reversed(_STAGES):
            candidate = FIRST.cut(count).candidate(self.widths[0], _stem_stride(shape))
            if self._exists(candidate, shape):
                found.append(candidate.having(**{SIDE: side}))
        return found

    def templates(self, shape: Shape, side: int = 0) -> list[Candidate]:
        """See `SearchSpace`; stages whose strides the input does not allow are left out."""
        found = []
        for template in TEMPLATES:
            for count in range(len(template.stages), 0, -1):
                own = template.cut(count).candidate(self.widths[0], _stem_stride(shape))
                if self._exists(own, shape):
                    found.append(own.having(**{SIDE: side}))
                    break
        return found

    def neighbours(self, candidate: Candidate) -> Sequence[Candidate]:
        """See `SearchSpace`; a stage that is added or removed is the one that `Stage` names."""
        count = candidate["stages"]
        found = [own for own in super().neighbours(candidate) if own["stages"] == count]
        stages = [Stage.of(candidate, number) for number in _STAGES[:count]]
        if count < MOST_STAGES:
            added = stages[-1].next_one().values(count + 1)
            found.append(candidate.having(stages=count + 1, **added))
        if count > 1 and stages[-1] == stages[-2].next_one():
            removed = dict.fromkeys(Stage.names(count), 0)
            found.append(candidate.having(stages=count - 1, **removed))
        return found


def _stages(candidate: Candidate) -> list[Stage]:
    return [Stage.of(candidate, number) for number in _STAGES[: candidate["stages"]]]


def _stem_stride(shape: Shape) -> int:
    """Stride of a template's stem: large inputs are halved at once."""
    return 2 if min(shape[:2]) > 48 else 1


def _check_strides(candidate: Candidate, shape: Shape) -> None:
    """Refuse strides that leave out everything: the input has one row and one column already.

    Raises:
        ConfigError: There is such a stride.
    """
    sides = max(shape[:2])
    strides = (candidate["stride"], *(stage.stride for stage in _stages(candidate)))
    for number, stride in enumerate(strides):
        if stride > 1 and sides == 1:
            size = "x".join(map(str, shape))
            raise ConfigError(
                f"stage {number} has a stride of {stride}, but its input has one row and one "
                f"column, with images of {size}"
            )
        sides = -(-sides // stride)
