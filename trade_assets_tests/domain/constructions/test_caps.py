"""Caps on names and sectors: they hold, and nothing is left over while anybody has room."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.constructions.caps import capped
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SYMBOLS, sectors

CAP = st.sampled_from([0.02, 0.05, 0.1, 0.15, 0.3, 0.5, 1.0])


@st.composite
def portfolios(draw):
    size = draw(st.integers(1, 12))
    parts = np.array(draw(st.lists(st.integers(0, 20) | st.floats(1e-6, 1), min_size=size, max_size=size)), dtype=float)
    weights = pd.Series(
        parts / max(parts.sum(), 1e-9) * draw(st.sampled_from([1.0, 1.0, 0.4])), index=list(SYMBOLS[:size])
    )
    return weights, draw(sectors(weights.index))


@given(drawn=portfolios(), max_weight=CAP, max_sector_weight=CAP)
def test_both_caps_hold(drawn, max_weight, max_sector_weight):
    weights, sector = drawn
    found = capped(weights, sector, max_weight=max_weight, max_sector_weight=max_sector_weight)
    assert reference.caps_hold(found, sector, max_weight=max_weight, max_sector_weight=max_sector_weight)
    assert (found[weights == 0] == 0).all()


@given(drawn=portfolios(), max_weight=CAP, max_sector_weight=CAP)
def test_the_sum_is_kept_or_nobody_has_room(drawn, max_weight, max_sector_weight):
    weights, sector = drawn
    caps = {"max_weight": max_weight, "max_sector_weight": max_sector_weight}
    found = capped(weights, sector, **caps)
    assert found.sum() <= weights.sum() + 1e-9
    if found.sum() < weights.sum() - 1e-9:
        assert not reference.has_room(found, sector, **caps)


@given(drawn=portfolios(), max_weight=CAP, max_sector_weight=CAP)
def test_weights_within_the_caps_are_left_as_they_are(drawn, max_weight, max_sector_weight):
    weights, sector = drawn
    caps = {"max_weight": max_weight, "max_sector_weight": max_sector_weight}
    if reference.caps_hold(weights, sector, **caps, tolerance=0):
        assert_same_bytes(capped(weights, sector, **caps), weights)
    once = capped(weights, sector, **caps)
    np.testing.assert_allclose(capped(once, sector, **caps), once, atol=1e-9)


@given(drawn=portfolios(), max_weight=CAP)
def test_where_no_sector_is_known_only_names_are_capped(drawn, max_weight):
    weights, sector = drawn
    unknown = pd.Series([None] * len(sector), index=sector.index, dtype="str")
    found = capped(weights, unknown, max_weight=max_weight, max_sector_weight=0.02)
    assert_same_bytes(found, capped(weights, unknown, max_weight=max_weight, max_sector_weight=1.0))


def test_an_unknown_sector_among_known_ones_is_a_sector_of_its_own():
    weights = pd.Series(0.25, index=list("ABCD"))
    sector = pd.Series(["Tech", None, None, "Energy"], index=list("ABCD"), dtype="str")
    found = capped(weights, sector, max_weight=1.0, max_sector_weight=0.4)
    assert found.to_dict() == pytest.approx({"A": 0.3, "B": 0.2, "C": 0.2, "D": 0.3})


def test_the_excess_goes_to_those_with_room_in_proportion():
    weights = pd.Series({"A": 0.6, "B": 0.3, "C": 0.1})
    found = capped(
        weights, pd.Series([None] * 3, index=weights.index, dtype="str"), max_weight=0.5, max_sector_weight=1.0
    )
    assert found.to_dict() == pytest.approx({"A": 0.5, "B": 0.375, "C": 0.125})
