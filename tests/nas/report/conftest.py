from typing import Any, BinaryIO

import pytest
from matplotlib.backends.backend_svg import FigureCanvasSVG


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are described and stay empty: for the text of a page, as drawing takes longest."""

    def print_svg(canvas: FigureCanvasSVG, stream: BinaryIO, **_: Any) -> None:
        stream.write(b'<svg xmlns="http://www.w3.org/2000/svg"/>')

    monkeypatch.setattr(FigureCanvasSVG, "print_svg", print_svg)
