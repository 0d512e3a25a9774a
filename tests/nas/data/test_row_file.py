"""Arrays in files that are written row by row."""

from pathlib import Path

import numpy as np

from nas.data.row_file import RowFile, holds_rows


def test_a_file_holds_the_rows_that_were_written_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "rows.npy"
    assert not holds_rows(path, (3, 2), np.float32)
    with RowFile(path, (2,), 3, np.float32) as file:
        for value in range(3):
            file.append(np.full(2, value, np.float32))
    assert holds_rows(path, (3, 2), np.float32)
    assert not holds_rows(path, (3, 2))
    assert not holds_rows(path, (4, 2), np.float32)
    np.testing.assert_array_equal(np.load(path), [[0, 0], [1, 1], [2, 2]])
    path.write_bytes(path.read_bytes()[:-1])
    assert not holds_rows(path, (3, 2), np.float32)
