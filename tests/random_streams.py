"""Random networks whose operators all make single rows, and a memory that knows what it holds."""

from collections.abc import Mapping, Sequence

import numpy as np

from codegen.model.graph import DType, Graph, Operator, Tensor

WIDTH, CHANNELS = 6, 4
Needs = dict[int, tuple[int, int, int]]
"""For each operator: rows of its window, stride, rows of padding before the first row."""


class RandomStream:
    """A random network of operators that make single rows: strides, kernels, paddings, skips.

    Attributes:
        tensors: Its tensors; the first is the image.
        operators: Its operators.
        needs: What each of them needs, worked out here.
    """

    def __init__(self, rng: np.random.Generator, length: int, most_rows: int = 40) -> None:
        self.rng = rng
        self.tensors = [self._image(int(rng.integers(3, most_rows)))]
        self.operators: list[Operator] = []
        self.needs: Needs = {}
        parts = (self._window, self._window, self._residual, self._pad, self._relu, self._add)
        parts = (*parts, self._join)
        while len(self.operators) < length:
            parts[int(rng.integers(len(parts)))]()

    def graph(self) -> Graph:
        """The network; all that nothing reads, and perhaps more, is its output."""
        read = {tensor for operator in self.operators for tensor in operator.inputs}
        written = [operator.outputs[0] for operator in self.operators]
        outputs = [t for t in written if t not in read or self.rng.random() < 0.03]
        return Graph(tuple(self.tensors), tuple(self.operators), (0,), tuple(outputs))

    def _image(self, rows: int, channels: int = CHANNELS) -> Tensor:
        return Tensor("", (1, rows, WIDTH, channels), DType.INT8)

    def _activations(self) -> list[int]:
        return [i for i, tensor in enumerate(self.tensors) if not tensor.is_constant]

    def _source(self) -> int:
        """Mostly the newest activation, sometimes any other."""
        known = self._activations()
        return known[-1] if self.rng.random() < 0.8 else int(self.rng.choice(known))

    def _write(self, kind: str, inputs: Sequence[int], output: Tensor, **options: object) -> None:
        self.tensors.append(output)
        written = len(self.tensors) - 1
        self.operators.append(Operator(kind, tuple(inputs), (written,), options))  # type: ignore[arg-type]

    def _window(self) -> None:
        rng, source = self.rng, self._source()
        _, rows, _, channels = self.tensors[source].shape
        size, stride = int(rng.choice([1, 2, 3, 3, 5, 7])), int(rng.choice([1, 1, 2, 3]))
        padding = str(rng.choice(["SAME", "VALID"]))
        if padding == "VALID" and rows < size:
            return
        output = -(-(rows if padding == "SAME" else rows - size + 1) // stride)
        before = max((output - 1) * stride + size - rows, 0) // 2 if padding == "SAME" else 0
        width = size if padding == "SAME" else 1  # so that all images are equally wide
        options = {"padding": padding, "stride_h": stride, "stride_w": 1}
        self.needs[len(self.operators)] = (size, stride, before)
        kind = str(rng.choice(["CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "AVERAGE_POOL_2D"]))
        if kind.endswith("POOL_2D"):
            pool = {**options, "filter_height": size, "filter_width": width}
            # A pooling after a convolution would be one step with it.
            self._write("AVERAGE_POOL_2D", [source], self._image(output, channels), **pool)
            return
        count = channels if kind.startswith("DEPTHWISE") else CHANNELS * int(rng.choice([1, 1, 2]))
        shape = (count, size, width, channels)
        shape = (1, size, width, count) if kind.startswith("DEPTHWISE") else shape
        self.tensors.append(Tensor("", shape, DType.INT8, is_constant=True))
        weights = len(self.tensors) - 1
        self._write(kind, [source, weights], self._image(output, count), **options)

    def _residual(self) -> None:
        """The newest activation, plus what windows make of it: the sum waits for their rows."""
        source = last = self._activations()[-1]
        channels = self.tensors[source].shape[3]
        for _ in range(int(self.rng.integers(1, 5))):
            size = int(self.rng.choice([1, 3, 5, 7]))
            self.tensors.append(Tensor("", (1, size, size, channels), DType.INT8, is_constant=True))
            self.needs[len(self.operators)] = (size, 1, size // 2)
            weights = len(self.tensors) - 1
            options = {"padding": "SAME", "stride_h": 1, "stride_w": 1}
            self._write("DEPTHWISE_CONV_2D", [last, weights], self.tensors[source], **options)
            last = len(self.tensors) - 1
        self.needs[len(self.operators)] = (1, 1, 0)
        self._write("ADD", [source, last], self.tensors[source])

    def _pad(self) -> None:
        source = self._source()
        _, rows, _, channels = self.tensors[source].shape
        top, bottom = (int(n) for n in self.rng.integers(0, 4, 2))
        amounts = np.array([[0, 0], [top, bottom], [0, 0], [0, 0]], np.int32)
        self.tensors.append(Tensor("", (4, 2), DType.INT32, is_constant=True, data=amounts))
        self.needs[len(self.operators)] = (1, 1, top)
        paddings = len(self.tensors) - 1
        self._write("PAD", [source, paddings], self._image(rows + top + bottom, channels))

    def _relu(self) -> None:
        source = self._source()
        self.needs[len(self.operators)] = (1, 1, 0)
        self._write("RELU", [source], self.tensors[source])

    def _pair(self) -> tuple[int, int] | None:
        """Two activations of one shape, the newest and an older one."""
        *older, newest = self._activations()
        same = [i for i in older if self.tensors[i].shape == self.tensors[newest].shape]
        if not same:
            return None
        pair = (newest, int(self.rng.choice(same)))
        return pair if self.rng.integers(2) else pair[::-1]

    def _add(self) -> None:
        if (pair := self._pair()) is not None:
            self.needs[len(self.operators)] = (1, 1, 0)
            self._write("ADD", pair, self.tensors[pair[0]])

    def _join(self) -> None:
        if (pair := self._pair()) is not None:
            _, rows, _, channels = self.tensors[pair[0]].shape
            self.needs[len(self.operators)] = (1, 1, 0)
            self._write("CONCATENATION", pair, self._image(rows, 2 * channels), axis=3)


class RowMemory:
    """Rings that record which row of which tensor each slot holds."""

    def __init__(self, rings: Mapping[int, int], shared: Mapping[int, int]) -> None:
        """`rings` gives the rows of each tensor's ring, `shared` the tensor that names its ring."""
        self._rows, self._shared = rings, shared
        self._slots: dict[tuple[int, int], tuple[int, int]] = {}

    def _slot(self, tensor: int, row: int) -> tuple[int, int]:
        return self._shared[tensor], row % self._rows[tensor]

    def write(self, tensor: int, row: int) -> None:
        """A step makes a row."""
        self._slots[self._slot(tensor, row)] = (tensor, row)

    def holds(self, tensor: int, row: int) -> bool:
        """Whether a row can be read, neither missing nor overwritten."""
        return self._slots.get(self._slot(tensor, row)) == (tensor, row)
