"""Rank decay: the best names, weights falling with the rank, whole portfolios with their cash."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.constructions import CONSTRUCTIONS, Candidates, Limits, portfolio
from trade_assets.domain.constructions.candidates import candidates
from trade_assets.domain.constructions.rank_decay import decay_profile, rank_decay
from trade_assets_tests.generators import scores, sectors

NOT_BINDING = {"max_weight": 1.0, "max_sector_weight": 1.0}


@st.composite
def universes(draw, **sizes):
    own = draw(scores(**sizes))
    return own, draw(sectors(own.index))


def limits(top_n=10, max_weight=0.15, max_sector_weight=0.3):
    return Limits(top_n, max_weight, max_sector_weight)


def held(own, sector, *, barred=frozenset(), name="rank_decay", **bounds):
    return portfolio(CONSTRUCTIONS[name], own, sector, barred=set(barred), limits=limits(**bounds))


def test_ten_ranks_decay_linearly_the_first_three_boosted_and_the_last_four_cut():
    expected = [12.5, 11.25, 10.0, 7.0, 6.0, 5.0, 2.0, 1.5, 1.0, 0.5]
    assert decay_profile(10).tolist() == expected


@given(n=st.integers(1, 60))
def test_a_better_rank_never_weighs_less(n):
    profile = decay_profile(n)
    assert (np.diff(profile) < 0).all()
    assert (profile > 0).all()


@given(drawn=universes(min_size=1), top_n=st.integers(1, 12))
def test_the_best_names_are_held_in_the_order_of_their_scores_ties_by_symbol(drawn, top_n):
    own, sector = drawn
    rows = held(own, sector, top_n=top_n, **NOT_BINDING)
    best = sorted(own.dropna().items(), key=lambda item: (-item[1], item[0]))[:top_n]
    assert rows["symbol"].tolist() == [*(symbol for symbol, _ in best), "CASH"]
    if best:
        profile = decay_profile(top_n)[: len(best)]
        np.testing.assert_allclose(rows["weight"][:-1], profile / profile.sum(), rtol=1e-12)


def test_without_scores_all_is_cash_and_it_says_why():
    nothing = pd.Series(dtype=float, index=pd.Index([], dtype="str"))
    rows = held(nothing, pd.Series(dtype="str", index=nothing.index))
    assert rows.to_dict("records") == [{"symbol": "CASH", "weight": 1.0, "status": "all cash: no scores"}]


def test_what_the_caps_leave_is_cash_not_one_large_name():
    own = pd.Series({"A": 2.0, "B": 1.0})
    rows = held(own, pd.Series([None, None], index=own.index, dtype="str"))
    assert rows["weight"].tolist() == pytest.approx([0.15, 0.15, 0.7])


def test_ten_names_at_the_defaults_are_capped_with_the_excess_shared():
    own = pd.Series(np.arange(12.0)[::-1], index=[f"S{i:02d}" for i in range(12)])
    found = rank_decay(
        candidates(own, pd.Series([None] * 12, index=own.index, dtype="str"), barred=set()), limits()
    ).weights
    assert found.iloc[:4].tolist() == pytest.approx([0.15] * 4)
    assert found.sum() == pytest.approx(1)
    assert len(found) == 10


def test_a_sector_gives_no_more_names_than_its_share():
    scores = pd.Series(np.arange(40.0, 0.0, -1), index=pd.Index([f"S{i:02d}" for i in range(40)], dtype="str"))
    sector = pd.Series(["Banks"] * 20 + ["Energy", "Health", "Tech", None] * 5, index=scores.index, dtype="str")
    limits = Limits(top_n=10, max_weight=0.15, max_sector_weight=0.30)
    weights = rank_decay(Candidates(scores, sector), limits).weights
    assert list(weights.index) == ["S00", "S01", "S02", *[f"S{i}" for i in range(20, 27)]]
    assert weights.groupby(sector.fillna("unknown")).sum().max() <= 0.30 + 1e-9
    assert weights.sum() == pytest.approx(1.0)
