"""Calculates the RAM to reserve for the arena of TensorFlow Lite Micro on a chip. Pure."""

from codegen.model.graph import Graph
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.kernels import is_modelled_core
from codegen.tflm.structures import DOWNLOADED, MCU
from firmware.cores import Core
from firmware.errors import ConfigError

STEP_BYTES = 16
"""By so much grows what a release keeps for an operator: kernels allocate in such steps.

Source: `sizeof` on a Cortex-M4 in the headers of half-yearly releases from July 2021 to January
2024, beside those of August 2026. What is kept for an operator grew by 4 bytes (a node) and at
most 16 (a kernel's data) in five years; the interpreter's own was 8 bytes larger in July 2022.
"""


def reserved_bytes(graph: Graph) -> int:
    """The size of the buffer in the search, the estimate and generated projects.

    The two releases that are modelled, of 2026 and the downloaded one of 2023, start in the larger
    of their `TflmArena.buffer_bytes`. One step more for each operator, and one for the interpreter,
    are for releases before, between and after them.

    Raises:
        ModelError: An operator does not have the inputs that its kernel reads.
    """
    steps = 1 + len(graph.operators)
    needed = max(plan_tflm_arena(graph, build).buffer_bytes for build in (MCU, DOWNLOADED))
    return needed + STEP_BYTES * steps


def check_core(core: Core) -> None:
    """Raise an error for a core whose kernels are not modelled.

    Raises:
        ConfigError: The kernels are not modelled.
    """
    if not is_modelled_core(core):
        raise ConfigError(
            f"what TensorFlow Lite Micro takes of memory on {core.name} is not known; take "
            "--runtime static"
        )
