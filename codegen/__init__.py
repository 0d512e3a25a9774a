"""Generates PlatformIO projects from .tflite files: graph, memory planner, kernels, rendering.

from codegen import build_project, find_model
build_project(find_model(Path("model.tflite")), load_target("stm32f412"), Path("project"))
"""

from typing import TYPE_CHECKING

from firmware.exports import exported

if TYPE_CHECKING:
    from codegen.model.graph import Graph
    from codegen.planning.planner import MemoryPlan, plan_graph
    from codegen.project.build import build_project
    from codegen.project.source import find_model

__all__ = ["Graph", "MemoryPlan", "build_project", "find_model", "plan_graph"]

__getattr__ = exported(
    __name__,
    {
        "Graph": "codegen.model.graph",
        "MemoryPlan": "codegen.planning.planner",
        "build_project": "codegen.project.build",
        "find_model": "codegen.project.source",
        "plan_graph": "codegen.planning.planner",
    },
)
