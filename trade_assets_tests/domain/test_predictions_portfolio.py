"""Predictions become the graph's own rank-decay weights; outcomes may be open only at the end."""

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain import calendar, overlap, predictions_caveats, predictions_portfolio
from trade_assets.domain.constructions import Limits
from trade_assets_tests.assertions import assert_same_bytes

SESSIONS = calendar.sessions_between(pd.Timestamp("2018-01-02"), pd.Timestamp("2019-12-31"))
DATES = SESSIONS[:40:10]
PLAN = overlap.schedule(DATES, step=1, horizon_sessions=10, in_tranches=False)
LIMITS = Limits(10, 0.15, 1.0)
NAMES = [f"S{i:02d}" for i in range(20)]


def predictions(seed=0):
    rng = np.random.default_rng(seed)
    rows = pd.MultiIndex.from_product([DATES, NAMES], names=["date", "ticker"]).to_frame(index=False)
    return rows.assign(prediction=rng.normal(size=len(rows)), actual=rng.normal(0, 0.05, len(rows)))


def signals(exposure=1.0):
    return pd.DataFrame({"session": DATES, "exposure_scalar": exposure, "is_stale": False})


def targets(rows, exposure=1.0, never_buy=frozenset(), plan=PLAN):
    return predictions_portfolio.targets(rows, signals(exposure), plan, limits=LIMITS, never_buy=set(never_buy))


def test_ten_names_by_rank_boosted_cut_and_capped():
    made = targets(predictions())
    first = made[made["rebalance_date"] == DATES[0]]
    best = predictions().query("date == @DATES[0]").nlargest(10, "prediction")["ticker"]
    assert first["symbol"].tolist() == [*best, "CASH"]
    assert first["weight"].tolist()[:10] == pytest.approx(
        [0.15, 0.15, 0.15, 0.15, 0.15, 0.125, 0.05, 0.0375, 0.025, 0.0125]
    )


def test_exposure_scales_every_name_and_leaves_the_rest_in_cash():
    whole, part = targets(predictions()), targets(predictions(), 0.6)
    stocks = whole["symbol"] != "CASH"
    np.testing.assert_allclose(part.loc[stocks, "weight"], 0.6 * whole.loc[stocks, "weight"])
    np.testing.assert_allclose(part.loc[~stocks, "weight"], 0.4)


def test_the_order_of_rows_does_not_matter_and_ties_go_by_name():
    rows = predictions().assign(prediction=1.0)
    assert_same_bytes(targets(rows), targets(rows.sample(frac=1, random_state=1)))
    assert targets(rows)["symbol"].tolist()[:10] == NAMES[:10]


def test_a_name_without_a_prediction_is_not_ranked():
    rows = predictions()
    best = rows[rows["date"] == DATES[0]].nlargest(1, "prediction").index
    rows.loc[best, "prediction"] = np.nan
    made = targets(rows)
    assert rows.loc[best[0], "ticker"] not in set(made.loc[made["rebalance_date"] == DATES[0], "symbol"])


def test_a_date_without_any_prediction_is_all_cash():
    rows = predictions()
    rows.loc[rows["date"] == DATES[1], "prediction"] = np.nan
    made = targets(rows)
    assert made.loc[made["rebalance_date"] == DATES[1], ["symbol", "weight"]].to_numpy().tolist() == [["CASH", 1.0]]


def test_names_never_to_be_bought_are_passed_over():
    rows = predictions().assign(prediction=1.0)
    assert targets(rows, never_buy={"S00"})["symbol"].tolist()[:10] == NAMES[1:11]


def test_only_the_newest_outcomes_may_be_open():
    rows = predictions()
    rows.loc[rows["date"] == DATES[3], "actual"] = np.nan
    assert list(predictions_portfolio.outcomes(rows, PLAN)) == list(DATES[:3])
    rows.loc[rows["date"] == DATES[1], "actual"] = np.nan
    with pytest.raises(ValueError, match=rf"null for every name of {DATES[1].date()}, yet known on {DATES[2].date()}"):
        predictions_portfolio.outcomes(rows, PLAN)


def test_perfect_predictions_have_a_rank_correlation_of_one():
    rows = predictions()
    assert predictions_portfolio.mean_rank_ic(rows.assign(prediction=rows["actual"]), PLAN) == pytest.approx(1.0)
    assert np.isnan(predictions_portfolio.mean_rank_ic(rows.assign(actual=np.nan), PLAN))


def test_caveats_say_what_was_left_out_and_nothing_where_there_is_nothing_to_say():
    periods = pd.DataFrame({"is_limited": [False], "n_unknown": [0], "return_frac": [0.01]})
    in_force = pd.DataFrame({"session": DATES, "is_stale": False})
    quiet = {"neutral_exposure": 0.6, "limits": LIMITS}
    assert not predictions_caveats.of_input(predictions(), in_force, PLAN, **quiet)
    assert not predictions_caveats.of_result(periods, PLAN, horizon_sessions=10, max_turnover=0.4)
    early = predictions().assign(
        date=lambda x: x["date"].where(x["date"] != DATES[0], SESSIONS[0] - pd.Timedelta(days=3))
    )
    said = predictions_caveats.of_input(
        pd.concat([early, predictions().iloc[:1].assign(prediction=np.nan)]), in_force.assign(is_stale=[True, False, True, False]),
        PLAN, neutral_exposure=0.6, limits=Limits(5, 0.15, 1.0),
    )  # fmt: skip
    text = " ".join(said)
    assert "1 of 5 prediction dates lie before the first market signal" in text
    assert "out of date at 2 of 4 rebalances" in text
    assert "1 of 81 predictions are null" in text
    assert "make at most 75% of the book" in text
