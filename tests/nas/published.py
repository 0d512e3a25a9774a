"""Published figures of the `paper` graph on 50×50×3 images of 2 classes.

Source: tables of the method's publications (PRIME 2023, ICCE 2024, Sensors Letters 2024).
"""

from dataclasses import dataclass

from nas.space import Candidate


@dataclass(frozen=True)
class Row:
    candidate: Candidate
    channels: tuple[int, ...]
    macc: int
    weight_bytes: int
    peak_bytes: int
    flash_kib: float


ROWS = (
    Row(Candidate(3, 3), (3, 6, 9, 12), 408_750, 1_904, 15_008, 10.66),
    Row(Candidate(5, 3), (5, 10, 15, 19), 905_528, 4_817, 20_016, 13.95),
    Row(Candidate(5, 4), (5, 10, 15, 19, 22), 939_392, 8_711, 20_016, 19.73),
    Row(Candidate(6, 4), (6, 12, 18, 23, 26), 1_272_562, 12_395, 22_512, 23.65),
    Row(Candidate(7, 4), (7, 14, 21, 27, 31), 1_656_341, 16_976, 25_008, 28.48),
    Row(Candidate(8, 4), (8, 16, 24, 30, 34), 2_073_632, 21_179, 27_504, 32.84),
    Row(Candidate(9, 4), (9, 18, 27, 34, 39), 2_553_522, 27_056, 30_016, 38.96),
)
