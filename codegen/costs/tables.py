"""Names of the measured tables that come with the SDK: one for each runtime on each core. Pure."""


def code_table(runtime: str, core: str) -> str:
    """The file of what kernels take of flash and stack, in `codegen/`."""
    return f"{_of(runtime, core)}_code.json"


def instruction_table(runtime: str, core: str) -> str:
    """The file of what kernels take in instructions, in `codegen/`."""
    return f"{_of(runtime, core)}_instructions.json"


def cycle_table(runtime: str, core: str) -> str:
    """The file of what kernels take in modelled cycles, in `codegen/`."""
    return f"{_of(runtime, core)}_cycles.json"


def _of(runtime: str, core: str) -> str:
    return f"{runtime}_{core.replace('-', '_')}"
