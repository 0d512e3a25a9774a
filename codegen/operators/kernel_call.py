"""A kernel call of the generated code: the kernel, its parameters, its constants. Pure.

In C, a call of a kernel on rows is `nn_conv_2d_s8(&op3_params, arena, first_row, row_count);`, one
of another kernel `nn_mean_s8(&op9_params, input…, output);`. The parameters contain everything that
is known at generation time: weights, and for a kernel on rows where its tensors lie.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ARRAY = "[]"
"""What the name of a field ends with that points to an array of rings."""
RING_BYTES = 12
"""Of an nn_ring."""


@dataclass(frozen=True, slots=True, eq=False)
class ConstantArray:
    """A constant array in flash.

    Attributes:
        name: Its role in the operator, such as `weights`; unique within the operator.
        c_type: Element type in C, such as `int8_t`.
        values: The elements; written flat, in row-major order.
    """

    name: str
    c_type: str
    values: NDArray[np.generic]

    @property
    def size_bytes(self) -> int:
        """Bytes in flash."""
        return int(self.values.nbytes)


@dataclass(frozen=True, slots=True)
class KernelCall:
    """A call of one kernel.

    Attributes:
        function: The C function, such as `nn_conv_2d_s8`.
        header: The header that declares it, below the include folder, such as `nn/conv_2d.h`.
        params_type: The C type of its parameters, such as `nn_conv_2d_params`.
        params: Fields and values in the order of the C struct; a value that is the name of one of
            `constants` stands for its address, a float is written exactly.
        constants: Arrays that the parameters point to.
        inputs: Indices of the activation tensors that it reads, in the order of its arguments.
        output: Index of the tensor that it writes.
        rings: Fields of the parameters that say where each of `inputs` and then `output` lie; empty
            if the kernel does not work on rows. A field that ends with `ARRAY` points to as many
            rings as it is named here.
        scratch: The field that says where its scratch memory lies; empty if it needs none.
        is_one_row: Every tensor is gone through as one row, so that it cannot be streamed.
    """

    function: str
    header: str
    params_type: str
    params: tuple[tuple[str, int | float | str], ...]
    constants: tuple[ConstantArray, ...]
    inputs: tuple[int, ...]
    output: int
    rings: tuple[str, ...] = ()
    scratch: str = ""
    is_one_row: bool = False

    @property
    def ring_array_bytes(self) -> int:
        """Bytes in flash of its arrays of rings."""
        return RING_BYTES * sum(field.endswith(ARRAY) for field in self.rings)
