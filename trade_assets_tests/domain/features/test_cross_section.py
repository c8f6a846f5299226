"""Cross-sectional features, and the assembly of a date's rows."""

import functools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import features, prices
from trade_assets.domain.features import cross_section
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import (
    FEW,
    SEEDS,
    SESSIONS,
    SYMBOLS,
    filed_facts,
    market_bars,
    scores,
    sectors,
)

NEEDED = [
    "momentum_21",
    "momentum_63",
    "momentum_126",
    "momentum_231_21",
    "return_5",
    "return_10",
    "volatility_21",
    "volatility_63",
]
DATES = pd.DatetimeIndex(SESSIONS[[270, 280]])


@st.composite
def cross_sections(draw, *, min_size=0, max_size=15):
    """One date's members with the features the cross-section reads, tied and missing values among them."""
    own = draw(scores(min_size=min_size, max_size=max_size))
    rng = np.random.default_rng(draw(SEEDS))
    drawn = {
        n: np.where(rng.random(len(own)) < 0.2, np.nan, np.round(rng.normal(0, 1, len(own)), draw(st.integers(0, 3))))
        for n in NEEDED
    }
    return pd.DataFrame({"symbol": own.index, "sector": draw(sectors(own.index)).to_numpy(), **drawn})


@pytest.mark.parametrize("name", features.CROSS_FEATURES)
@given(rows=cross_sections())
def test_tied_missing_and_no_members_give_a_finite_number_or_null(name, rows):
    values = features.CROSS_FEATURES[name](rows)
    assert len(values) == len(rows)
    assert not np.isinf(values.to_numpy(dtype=float)).any()


@pytest.mark.parametrize("name", features.CROSS_FEATURES)
@given(rows=cross_sections(), shuffle=SEEDS)
def test_the_order_of_the_rows_changes_nothing_beyond_rounding(name, rows, shuffle):
    mixed = features.CROSS_FEATURES[name](rows.sample(frac=1, random_state=shuffle)).sort_index()
    np.testing.assert_allclose(mixed, features.CROSS_FEATURES[name](rows), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", features.CROSS_FEATURES)
@given(rows=cross_sections(min_size=1, max_size=1))
def test_a_single_member_stands_in_the_middle_or_nowhere(name, rows):
    value = float(features.CROSS_FEATURES[name](rows).iloc[0])
    assert np.isnan(value) or value == 0


@pytest.mark.parametrize("name", ["momentum_vs_sector", "reversal_vs_sector"])
@given(rows=cross_sections(min_size=1))
def test_an_unknown_sector_gives_null_not_zero(name, rows):
    known = features.CROSS_FEATURES[name](rows)
    assert known[rows["sector"].isna()].isna().all()
    nobody = rows.assign(sector=pd.Series([None] * len(rows), dtype="str"))
    assert features.CROSS_FEATURES[name](nobody).isna().all()


@given(values=scores(min_size=1))
def test_ranks_are_centred_share_ties_and_keep_nulls(values):
    found = cross_section.ranks(values)
    known = values.dropna()
    assert found[values.isna()].isna().all()
    assert found.abs().max() <= 0.5 if len(known) else found.isna().all()
    assert abs(found.sum()) < 1e-9
    for a in known.index:
        better = (known < known[a]).sum() + ((known == known[a]).sum() - 1) / 2
        assert found[a] == pytest.approx(better / max(len(known) - 1, 1) - (0.5 if len(known) > 1 else 0))


@functools.cache
def market():
    frame = market_bars(5, sessions=290, symbols=len(SYMBOLS))
    return features.market(prices.panel(frame), index_symbol="AAA")


def members(sector):
    sector_of = dict(zip(SYMBOLS, sector, strict=True))
    return pd.DataFrame(
        [(date, s, sector_of[s]) for date in DATES for s in SYMBOLS],
        columns=["rebalance_date", "symbol", "sector"],
    )


def assembled(rows, dates=DATES, facts=filed_facts(2, symbols=4)):
    registries = {
        "price": features.PRICE_FEATURES,
        "fact": features.FACT_FEATURES,
        "cross": features.CROSS_FEATURES,
    }
    return features.assemble(market(), facts, rows, dates=dates, **registries)


SECTORS = (*["Tech"] * 8, None, *["Energy"] * 3)


@FEW
@given(shuffle=SEEDS)
def test_the_order_of_the_members_changes_no_byte(shuffle):
    mixed = assembled(members(SECTORS).sample(frac=1, random_state=shuffle))
    assert_same_bytes(mixed.sort_values(["rebalance_date", "symbol"], ignore_index=True), assembled(members(SECTORS)))


def test_two_dates_at_once_are_the_two_apart():
    rows = members(SECTORS)
    apart = [assembled(rows[rows["rebalance_date"] == date], dates=pd.DatetimeIndex([date])) for date in DATES]
    assert_same_bytes(assembled(rows), pd.concat(apart, ignore_index=True))


def test_a_date_without_members_has_no_rows_and_no_date_has_them_gives_an_empty_table():
    rows = members(SECTORS)
    assert set(assembled(rows[rows["rebalance_date"] == DATES[1]])["rebalance_date"]) == {DATES[1]}
    empty = assembled(rows.iloc[:0])
    assert list(empty.columns) == ["rebalance_date", "symbol", *features.FEATURES]
    assert len(empty) == 0


def test_without_facts_and_sectors_their_features_are_null_and_the_others_stay():
    bare = assembled(members([None] * len(SYMBOLS)), facts=filed_facts(2, symbols=4).iloc[:0])
    full = assembled(members(SECTORS))
    absent = [*features.FACT_FEATURES, "momentum_vs_sector", "reversal_vs_sector"]
    assert bare[absent].isna().all(axis=None)
    assert_same_bytes(bare.drop(columns=absent), full.drop(columns=absent))
