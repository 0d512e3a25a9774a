"""Published results beside which a run is shown. Pure data.

Source: tables of the method's publications (PRIME 2023, ICCE 2024, Sensors Letters 2024): the
search on four hosts, and works that it is compared with. All are on Visual Wake Words, made of
COCO 2014: whether a person covers more than 0.5 % of an image; 8,059 images for test.
"""

from dataclasses import dataclass

from nas.space import Candidate, Shape

TEST_IMAGES = 8_059
CLASSES = 2
SPACE = "paper"


@dataclass(frozen=True, slots=True)
class Published:
    """One row of the published tables.

    Attributes:
        name: The host that searched, or the work.
        shape: Height, width and channels of the input.
        candidate: The winner; not told, but the only one with exactly these needs. None for
            other works.
        accuracy_percent: On the test images.
        ram_kib: Arena of TensorFlow Lite Micro on a PC.
        flash_kib: Of the .tflite.
        macc_millions: Multiply-accumulates of one inference.
        time: What the search took, as published; empty if it is not told.
    """

    name: str
    shape: Shape
    candidate: Candidate | None
    accuracy_percent: float
    ram_kib: float
    flash_kib: float
    macc_millions: float
    time: str


PUBLISHED = (
    Published(
        "Jetson Nano, 4 GB", (50, 50, 3), Candidate(9, 4), 78.0, 36.0, 38.96, 2.6, "3.9 days"
    ),
    Published(
        "Raspberry Pi 4, 4 GB", (50, 50, 3), Candidate(8, 4), 77.6, 33.5, 32.84, 2.07, "1.3 days"
    ),
    Published(
        "Raspberry Pi 3, 1 GB", (50, 50, 3), Candidate(6, 4), 76.6, 28.5, 23.65, 1.3, "3.8 days"
    ),
    Published(
        "Raspberry Pi Zero 2 W, 512 MB",
        (50, 50, 3),
        Candidate(5, 3),
        75.1,
        25.0,
        13.95,
        0.91,
        "4.6 days",
    ),
    Published("MCUNet", (64, 64, 3), None, 87.4, 168.5, 530.52, 6.0, "300 GPU hours"),
    Published("MicroNets", (50, 50, 1), None, 76.8, 70.5, 273.81, 3.3, ""),
)
