"""Generates PlatformIO projects from .tflite files: graph, memory planner, kernels, rendering.

from codegen import build_project, find_model
build_project(find_model(Path("model.tflite")), load_target("stm32f412"), Path("project"))
"""

from typing import TYPE_CHECKING

from firmware.exports import exported

if TYPE_CHECKING:
    from codegen.graph import Graph
    from codegen.planner import MemoryPlan, plan_graph
    from codegen.project import build_project
    from codegen.source import find_model

__all__ = ["Graph", "MemoryPlan", "build_project", "find_model", "plan_graph"]

__getattr__ = exported(
    __name__,
    {
        "Graph": "codegen.graph",
        "MemoryPlan": "codegen.planner",
        "build_project": "codegen.project",
        "find_model": "codegen.source",
        "plan_graph": "codegen.planner",
    },
)
