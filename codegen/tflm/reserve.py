"""How much RAM to set aside for the arena of TensorFlow Lite Micro on a chip. Pure."""

from codegen.graph import Graph
from codegen.tflm.arena import plan_tflm_arena
from codegen.tflm.kernels import is_modelled_core
from codegen.tflm.structures import MCU
from firmware.errors import ConfigError

STEP_BYTES = 16
"""By so much grows what a release keeps for an operator: kernels allocate in such steps.

Source: `sizeof` on a Cortex-M4 in the headers of half-yearly releases from July 2021 to January
2024, beside those of August 2026. What is kept for an operator grew by 4 bytes (a node) and at
most 16 (a kernel's data) in five years; the interpreter's own was 8 bytes larger in July 2022.
"""


def reserved_bytes(graph: Graph) -> int:
    """The buffer that search, estimate and generated projects count with.

    The release that is modelled starts in `TflmArena.buffer_bytes`. One step more for each
    operator, and one for the interpreter, are for releases before and after it.

    Raises:
        ModelError: An operator has not the inputs that its kernel reads.
    """
    steps = 1 + len(graph.operators)
    return plan_tflm_arena(graph, MCU).buffer_bytes + STEP_BYTES * steps


def check_core(core: str) -> None:
    """Refuse a core for which it is not known what the kernels ask for.

    Raises:
        ConfigError: It is not.
    """
    if not is_modelled_core(core):
        raise ConfigError(
            f"what TensorFlow Lite Micro takes of memory on {core} is not known; take --runtime "
            "static"
        )
