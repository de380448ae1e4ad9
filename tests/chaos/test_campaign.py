"""The short campaign: every fault once or a few times. `make chaos` runs the long one."""

import random
from pathlib import Path

from tests.chaos.__main__ import campaign, table
from tests.chaos.campaign import SHORT


def test_nothing_is_lost_doubled_or_told_too_late(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print("seed", seed)
    result = campaign(tmp_path, SHORT, seed)
    assert result.faults == [], table(result)
    assert result.made > 500
    assert result.stored >= result.made - result.waiting - result.dropped
