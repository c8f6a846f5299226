"""Alpha spending: however often one looks, the total is not exceeded."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.overfitting import alpha


@given(
    looks=st.lists(st.integers(0, 100_000), min_size=1, max_size=60).map(sorted),
    first=st.integers(1, 500),
    total=st.floats(0.001, 0.5),
)
def test_no_sequence_of_looks_spends_more_than_the_total(looks, first, total):
    levels = [
        alpha.at_look(n, before, first=first, alpha=total) for before, n in zip([None, *looks], looks, strict=False)
    ]
    assert all(level >= 0 for level in levels)
    assert math.fsum(levels) <= total
    assert math.fsum(levels) == pytest.approx(alpha.spent(looks[-1], first=first, alpha=total), abs=1e-15)


def test_half_at_the_first_possible_look_and_nothing_before_or_twice():
    assert alpha.at_look(78, None, first=78, alpha=0.05) == pytest.approx(0.025)
    assert alpha.at_look(86, None, first=78, alpha=0.05) == pytest.approx(0.027326, abs=1e-6)
    assert alpha.at_look(77, None, first=78, alpha=0.05) == 0.0
    assert alpha.at_look(86, 86, first=78, alpha=0.05) == 0.0
    assert alpha.at_look(86, 40, first=78, alpha=0.05) == alpha.at_look(86, None, first=78, alpha=0.05)


@pytest.mark.parametrize(
    "arguments", [(-1, None, 78, 0.05), (5, None, 0, 0.05), (5, None, 78, 0.0), (80, 90, 78, 0.05)]
)
def test_what_is_out_of_range_is_refused(arguments):
    n, before, first, total = arguments
    with pytest.raises(ValueError, match="must"):
        alpha.at_look(n, before, first=first, alpha=total)
