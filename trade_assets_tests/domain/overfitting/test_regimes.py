"""Performance by regime: nothing of the day itself, nothing invented for an empty regime."""

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain.overfitting import regimes

NAMES = ("unfavorable", "neutral", "favorable")


def test_by_hand_with_an_unknown_return_and_an_empty_regime():
    returns = np.array([0.01, -0.02, np.nan, 0.03, 0.0, 0.05])
    known = np.array(["neutral", "neutral", "neutral", "favorable", "neutral", "unknown"])
    table = regimes.by_regime(returns, known, pd.bdate_range("2020-01-01", periods=6), regimes=NAMES)
    assert list(table.columns) == ["regime", "avg_return", "sharpe", "win_rate", "n_days"]
    assert list(table["regime"]) == list(NAMES)
    assert list(table["n_days"]) == [0, 3, 1]
    assert table.loc[0, ["avg_return", "sharpe", "win_rate"]].isna().all()
    assert table["avg_return"][1] == pytest.approx(np.mean([0.01, -0.02, 0.0]) * 252)
    assert table["sharpe"][1] == pytest.approx(np.mean([0.01, -0.02, 0]) / np.std([0.01, -0.02, 0], ddof=1) * 252**0.5)
    assert table["win_rate"][1] == 0.5
    assert np.isnan(table["sharpe"][2])


def test_sorting_by_the_regime_of_the_day_itself_would_look_ahead():
    returns = np.random.default_rng(0).normal(0, 0.01, 1000)
    of_close = np.where(returns > 0, "favorable", "unfavorable")
    before = np.concatenate([["neutral"], of_close[:-1]])
    table = regimes.by_regime(returns, before, pd.bdate_range("2020-01-01", periods=1000), regimes=NAMES)
    assert np.nanmax(table["sharpe"].abs()) < 3
    assert table["n_days"].sum() == 1000


@pytest.mark.parametrize(
    ("sharpes", "n_days", "expected"),
    [
        ([1.0, 0.5, 2.0], [60, 60, 60], 0.25),
        ([1.0, 0.5, 2.0], [60, 59, 60], 0.5),
        ([-0.5, 2.0], [100, 100], 0.0),
        ([-1.0, -1.0], [100, 100], 0.0),
        ([1.0, -1.0], [100, 100], 0.0),
        ([1.0, np.nan], [100, 100], 0.5),
        ([1.0, 1.0], [100, 100], 1.0),
        ([], [], 0.5),
    ],
)
def test_consistency_by_hand(sharpes, n_days, expected):
    assert regimes.consistency(np.array(sharpes), np.array(n_days)) == expected


def test_lengths_must_match():
    sessions = pd.bdate_range("2020-01-01", periods=3)
    with pytest.raises(ValueError, match="regimes must be as many"):
        regimes.by_regime(np.zeros(3), np.array(["neutral"]), sessions, regimes=NAMES)
    with pytest.raises(ValueError, match="sessions"):
        regimes.by_regime(np.zeros(2), np.array(["neutral"] * 2), sessions, regimes=NAMES)
