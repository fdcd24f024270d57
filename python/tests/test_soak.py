"""A short soak. The long one is by hand: `python python/tests/soak.py 1000000 8`."""

import pytest
import soak


@pytest.mark.parametrize("threads", [1, 8])
def test_mixed_requests_leave_nothing_behind(threads, capfd):
    assert soak.soak(3000, threads), capfd.readouterr().out
