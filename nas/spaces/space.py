"""The interface of a search space: a family of networks. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

from firmware.errors import ConfigError
from nas.network.description import Network, Shape
from nas.network.shapes import output_shapes
from nas.spaces.axes import AxesRecord, Axis
from nas.spaces.candidate import SIDE, Candidate
from nas.spaces.converters import OWN
from nas.spaces.strategies import BRACKET


class SearchSpace(ABC):
    """A family of networks: its candidates, their networks, and the neighbours of a candidate.

    A candidate has a value for each dimension. Strategies use two of the dimensions: the width
    (RAM, flash and MACs grow with it) and the depth. A space of your own names its dimensions and
    implements `build`.

    Attributes:
        name: Name on the command line and in records.
        words: Description of each dimension for reports, by its name.
        dimensions: Range of each value by name, in the order in which the values are typed.
        width_name: The dimension with which RAM, flash and MACs grow.
        depth_name: The dimension that determines the number of layers.
        first_width: Width at which the search first compares the depths.
        converters: Converters that support its networks; the first one is the default.
        strategy: The default strategy that searches it.
    """

    name: ClassVar[str]
    words: ClassVar[dict[str, str]] = {}
    dimensions: ClassVar[dict[str, range]]
    width_name: ClassVar[str] = "width"
    depth_name: ClassVar[str] = "depth"
    first_width: ClassVar[int] = 8
    converters: ClassVar[tuple[str, ...]] = (OWN,)
    strategy: ClassVar[str] = BRACKET

    @abstractmethod
    def build(self, candidate: Candidate, shape: Shape, classes: int) -> Network:
        """The network of a candidate whose values are within their ranges.

        Args:
            candidate: A value for each dimension.
            shape: Height, width and channels of an image.
            classes: Number of classes.

        Raises:
            ConfigError: There is no such network for this input.
        """

    def network(self, candidate: Candidate, shape: Shape, classes: int) -> Network:
        """The network of a candidate, with checked values and shapes.

        Raises:
            ConfigError: A value is out of its range, or there is no such network for this input.
        """
        self.check(candidate)
        network = self.build(candidate, shape, classes)
        output_shapes(network)
        return network

    def ranges(self, candidate: Candidate) -> Mapping[str, range]:  # noqa: ARG002
        """Range of each value of a candidate; a range may depend on the other values."""
        return self.dimensions

    def check(self, candidate: Candidate) -> None:
        """Check that a candidate belongs to the space.

        Raises:
            ConfigError: It has other values, or one is out of its range.
        """
        if candidate.names != tuple(self.dimensions):
            raise ConfigError(
                f"{dict(candidate)} is not a candidate of the space {self.name!r}, whose values "
                f"are {', '.join(self.dimensions)}"
            )
        for name, values in self.ranges(candidate).items():
            if candidate[name] not in values:
                raise ConfigError(
                    f"{name} of {candidate} is {candidate[name]}, expected {_described(values)}"
                )

    def parse(self, text: str) -> Candidate:
        """Parse a candidate from its typed values, such as `6,4`.

        Raises:
            ConfigError: The text does not have the right number of whole numbers in their ranges.
        """
        parts = text.split(",")
        if len(parts) != len(self.dimensions) or not all(
            part.strip().isdecimal() and len(part) < 16 for part in parts
        ):
            form = ",".join(self.dimensions).upper()
            raise ConfigError(
                f"candidate {text!r} is not of the form {form}, such as {self.example}"
            )
        candidate = Candidate(dict(zip(self.dimensions, map(int, parts), strict=True)))
        self.check(candidate)
        return candidate

    @property
    def axes(self) -> AxesRecord:
        """The width and the depth, with their descriptions."""
        width, depth = (
            Axis(name, self.words.get(name, "")) for name in (self.width_name, self.depth_name)
        )
        return AxesRecord(width, depth)

    @property
    def example(self) -> Candidate:
        """Some candidate."""
        return Candidate(
            {name: values[len(values) // 2] for name, values in self.dimensions.items()}
        )

    def start(self, shape: Shape, side: int = 0) -> list[Candidate]:
        """For each depth that an input allows, the narrowest candidate; the deepest first.

        Args:
            shape: Height, width and channels of the input.
            side: Value of the candidates' side.
        """
        least = {name: values[0] for name, values in self.dimensions.items()}
        found = []
        for depth in reversed(self.dimensions[self.depth_name]):
            candidate = Candidate({**least, self.depth_name: depth, SIDE: side})
            if self._exists(candidate, shape):
                found.append(candidate)
        return found

    def templates(self, shape: Shape, side: int = 0) -> list[Candidate]:
        """Candidates of the smallest width from which a local search starts.

        Args:
            shape: Height, width and channels of the input.
            side: Value of the candidates' side.
        """
        return self.start(shape, side)

    def _exists(self, candidate: Candidate, shape: Shape) -> bool:
        try:
            self.network(candidate, shape, classes=2)
        except ConfigError:
            return False
        return True

    @property
    def widths(self) -> range:
        """All widths, rising."""
        return self.dimensions[self.width_name]

    def width(self, candidate: Candidate) -> int:
        """The value with which RAM, flash and MACs grow."""
        return candidate[self.width_name]

    def depth(self, candidate: Candidate) -> int:
        """The value that determines the number of layers."""
        return candidate[self.depth_name]

    def with_width(self, candidate: Candidate, width: int) -> Candidate:
        """A copy with another width, or with the next smaller one that the space has."""
        widths = self.widths
        index = min((max(width, widths[0]) - widths[0]) // widths.step, len(widths) - 1)
        return candidate.having(**{self.width_name: widths[index]})

    def neighbours(self, candidate: Candidate) -> Sequence[Candidate]:
        """Candidates in which one value is the next smaller or the next larger one."""
        found = []
        for name, values in self.ranges(candidate).items():
            at = values.index(candidate[name])
            for index in (at - 1, at + 1):
                if 0 <= index < len(values):
                    found.append(candidate.having(**{name: values[index]}))
        return found


def _described(values: range) -> str:
    if len(values) == 1:
        return f"{values[0]:,}"
    steps = "" if values.step == 1 else f" in steps of {values.step}"
    return f"{values[0]:,} to {values[-1]:,}{steps}"
