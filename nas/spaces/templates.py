"""Well-known networks of the space `residual`, from which a search starts. Pure."""

from dataclasses import dataclass, replace

from nas.spaces.blocks import IDENTITIES, MOST_STAGES, PLAIN, PROJECTIONS, SEPARABLE, Stage
from nas.spaces.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Template:
    """A network of any width.

    Attributes:
        stages: Its stages.
        skip: Its skip connections.
        last: Width of the last layer; 0 for none.
        kernel: Kernel of the stem.
        stride: Smallest stride of the stem.
    """

    stages: tuple[Stage, ...]
    skip: int = 0
    last: int = 0
    kernel: int = 3
    stride: int = 1

    def candidate(self, width: int, stem_stride: int = 1) -> Candidate:
        """The candidate with a width, and with a stem of at least this stride."""
        values = {
            "width": width,
            "stages": len(self.stages),
            "skip": self.skip,
            "last": self.last,
            "kernel": self.kernel,
            "stride": max(stem_stride, self.stride),
        }
        for number in range(1, MOST_STAGES + 1):
            values |= dict.fromkeys(Stage.names(number), 0)
        for number, stage in enumerate(self.stages, 1):
            values |= stage.values(number)
        return Candidate(values)

    def cut(self, count: int) -> "Template":
        """The same with only the first stages."""
        return replace(self, stages=self.stages[:count])


RESNET = Template(
    (Stage(1, 2, 3, PLAIN, 1), Stage(1, 4, 3, PLAIN, 2), Stage(1, 6, 3, PLAIN, 2)), PROJECTIONS
)
"""ResNet-8 of MLPerf Tiny, with 16 channels in the stem. Source: mlcommons/tiny."""
MOBILENET = Template(
    (
        Stage(1, 4, 3, SEPARABLE, 1),
        Stage(2, 6, 3, SEPARABLE, 2),
        Stage(2, 8, 3, SEPARABLE, 2),
        Stage(6, 10, 3, SEPARABLE, 2),
        Stage(2, 12, 3, SEPARABLE, 2),
    ),
    stride=2,
)
"""MobileNet; with 8 channels in the stem, that of MLPerf Tiny's visual wake words."""
MOBILENET_V2 = Template(
    (
        Stage(1, 0, 3, SEPARABLE, 1),
        Stage(2, 1, 3, 6, 2),
        Stage(3, 2, 3, 6, 2),
        Stage(4, 4, 3, 6, 2),
        Stage(3, 5, 3, 6, 1),
        Stage(2, 7, 3, 6, 2),
    ),
    IDENTITIES,
    last=10,
)
"""Like MobileNetV2; its last stage, of one block, is the last layer here."""
MCUNET = Template(
    (
        Stage(1, 0, 3, SEPARABLE, 1),
        Stage(2, 2, 5, 5, 2),
        Stage(3, 3, 3, 4, 2),
        Stage(3, 4, 5, 4, 2),
        Stage(2, 5, 3, 4, 1),
        Stage(3, 7, 7, 4, 2),
    ),
    IDENTITIES,
)
"""Like the network of MCUNet for visual wake words: inverted residual blocks, larger kernels."""
DS_CNN = Template((Stage(4, 2, 3, SEPARABLE, 1),), kernel=5, stride=2)
"""Like DS-CNN of keyword spotting: four separable blocks of one resolution."""
SEPARABLE_RESNET = Template(
    (
        Stage(1, 2, 3, SEPARABLE, 1),
        Stage(2, 4, 3, SEPARABLE, 2),
        Stage(2, 6, 3, SEPARABLE, 2),
        Stage(2, 8, 3, SEPARABLE, 2),
    ),
    PROJECTIONS,
)
"""A ResNet of separable convolutions."""
TEMPLATES = (RESNET, SEPARABLE_RESNET, MOBILENET_V2, MCUNET, MOBILENET, DS_CNN)
"""In the order in which a search tries them."""
FIRST = Template(
    tuple(
        Stage(1 if number == 0 else 2, min(2 + 2 * number, 12), 3, SEPARABLE, min(2, 1 + number))
        for number in range(MOST_STAGES)
    ),
    PROJECTIONS,
)
"""A separable ResNet with as many stages as a candidate can have."""
