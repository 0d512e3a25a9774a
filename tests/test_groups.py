"""Tests of one group run on one worker, which pytest-xdist does by a suffix of their names."""

import os

import pytest

GROUP = "a group"


@pytest.mark.xdist_group(GROUP)
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="the tests run in one process")
def test_a_group_is_part_of_the_name(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith(f"@{GROUP}")
