"""A search space of residual networks, as docs/own-space.md explains it."""

from typing import ClassVar

from nas import Candidate, Network, NetworkBuilder, SearchSpace


class Residual(SearchSpace):
    """A convolution, then stages; each halves the resolution and has blocks with a skip."""

    name = "small-residual"
    dimensions: ClassVar[dict[str, range]] = {
        "width": range(4, 65, 4),
        "stages": range(1, 4),
        "blocks": range(1, 3),
    }
    words: ClassVar[dict[str, str]] = {"width": "channels of the first stage", "stages": "stages"}
    width_name, depth_name = "width", "stages"

    def build(self, candidate: Candidate, shape: tuple[int, int, int], classes: int) -> Network:
        """The network of a candidate."""
        build = NetworkBuilder(shape)
        channels = candidate["width"]
        x = build.convolution(build.image, channels)
        for stage in range(candidate["stages"]):
            channels, before = channels + channels // 2 * (stage > 0), x
            stride = 2 if stage > 0 else 1
            for _ in range(candidate["blocks"]):
                y = build.convolution(x, channels, stride=stride)
                y = build.convolution(y, channels, has_relu=False)
                if stride > 1:  # the skip changes its shape as the block does
                    x = build.convolution(before, channels, kernel=1, stride=2, has_relu=False)
                x = build.add(x, y, has_relu=True)
                stride = 1
        return build.classify(x, classes)


SPACE = Residual()
