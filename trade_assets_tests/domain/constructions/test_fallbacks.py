"""Where a construction cannot be computed something safer is used, and the status says what and why."""

import numpy as np
import pandas as pd
import pytest

from trade_assets.domain.constructions import CONSTRUCTIONS, mean_variance
from trade_assets_tests.domain.constructions.offers import limits
from trade_assets_tests.domain.constructions.test_constructions import build, market

NEEDS_RETURNS = ["max_sharpe", "min_volatility", "hrp", "inverse_vol"]


def status(name, offer):
    rows = build(name, offer)
    assert rows["weight"].sum() == pytest.approx(1, abs=1e-9)
    return rows["status"].iloc[0]


def cash(rows):
    return rows.set_index("symbol")["weight"]["CASH"]


@pytest.mark.parametrize("name", CONSTRUCTIONS)
def test_all_is_well_where_everything_is_known(name):
    assert status(name, market(0, 40) | {"limits": limits(l2_reg=0.0)}) == "ok"


def test_the_penalised_sharpe_is_named_as_such():
    assert status("max_sharpe", market(0, 40)) == "ok: max_sharpe_l2"


@pytest.mark.parametrize("l2_reg", [0.0, 0.01])
@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"information_coefficient": 0.0}, "no expected return is above 0"),
        ({"information_coefficient": -0.1}, "no expected return is above 0"),
        ({"information_coefficient": np.nan}, "the information coefficient is not known yet"),
        ({"limits": limits(mu_mapping="identity"), "scores": -1}, "no expected return is above 0"),
        ({"limits": limits(mu_mapping="sigmoid"), "scores": -1}, "no expected return is above 0"),
        ({"scores": 0}, "no expected return is above 0"),
    ],
)
def test_without_an_expected_return_volatility_is_minimised(l2_reg, changed, reason):
    offer = market(0, 40)
    offer |= changed
    offer["limits"] = limits(mu_mapping=offer["limits"].mu_mapping, l2_reg=l2_reg)
    if "scores" in changed:
        offer["scores"] = market(0, 40)["scores"] * 0.001 + changed["scores"]
        if changed["scores"] == 0:
            offer["scores"] *= 0
    rows, expected = build("max_sharpe", offer), build("min_volatility", offer)
    assert rows["status"].iloc[0] == f"min_volatility: {reason}"
    np.testing.assert_array_equal(rows["weight"], expected["weight"])


def test_an_expected_return_that_the_limits_keep_out_of_reach_is_no_return():
    offer = market(0, 14) | {"limits": limits(mu_mapping="identity", l2_reg=0.0, max_sector_weight=1.0)}
    offer["scores"] = pd.Series([-1.0] * 13 + [0.001], index=offer["scores"].index)
    assert status("max_sharpe", offer) == "min_volatility: no weights within the limits have an expected return above 0"
    offer["limits"] = limits(mu_mapping="identity", l2_reg=0.01, max_sector_weight=1.0)
    assert status("max_sharpe", offer) == "min_volatility: no weights within the limits have an expected return above 0"


def test_a_single_name_has_no_rank():
    rows = build("max_sharpe", market(0, 1))
    assert rows["status"].iloc[0] == "min_volatility: a single name has no rank"
    assert rows["weight"].tolist() == pytest.approx([0.15, 0.85])


@pytest.mark.parametrize("name", NEEDS_RETURNS)
@pytest.mark.parametrize("sessions", [None, 0, 19])
def test_without_returns_the_holdings_stay_and_without_these_all_is_cash(name, sessions):
    offer = market(0, 40)
    offer["returns"] = None if sessions is None else offer["returns"].iloc[:sessions]
    reason = "fewer than 20 sessions of returns are known"
    assert status(name, offer) == f"all cash: {reason}"
    assert cash(build(name, offer)) == 1
    rows = build(name, offer | {"held": pd.Series({"S030": 0.1, "S002": 0.12, "GONE": 0.3})})
    assert rows["status"].iloc[0] == f"holdings kept: {reason}"
    assert rows.set_index("symbol")["weight"].to_dict() == pytest.approx({"S030": 0.1, "S002": 0.12, "CASH": 0.78})


@pytest.mark.parametrize("name", NEEDS_RETURNS)
def test_names_that_do_not_move_or_are_hardly_known_are_left_out(name):
    offer = market(0, 40) | {"limits": limits(l2_reg=0.0)}
    offer["returns"]["S039"] = 0.0
    offer["returns"].loc[:200, "S038"] = np.nan
    offer["returns"]["S037"] = np.nan
    rows = build(name, offer)
    assert not {"S037", "S038", "S039"} & set(rows["symbol"])
    said = "3 of the best 20 left out: their returns do not vary or are too few"
    assert rows["status"].iloc[0] == f"ok: {said}"
    offer["returns"].iloc[:] = 0.0
    assert status(name, offer) == "all cash: no name has returns that vary"


def test_a_failing_solver_leads_to_inverse_volatility(monkeypatch):
    def fails(covariance, region):
        raise ValueError("the solver went in circles")

    monkeypatch.setattr(mean_variance, "minimum_volatility", fails)
    offer = market(0, 40) | {"information_coefficient": -1.0}
    assert status("min_volatility", offer) == "inverse_vol: the solver went in circles"
    said = "inverse_vol: no expected return is above 0; the solver went in circles"
    assert status("max_sharpe", offer) == said
    np.testing.assert_array_equal(build("max_sharpe", offer)["weight"], build("inverse_vol", offer)["weight"])


def test_holdings_that_are_kept_are_brought_under_the_caps():
    offer = market(0, 40) | {"returns": None, "held": pd.Series({"S030": 0.6})}
    rows = build("min_volatility", offer)
    assert rows.set_index("symbol")["weight"].to_dict() == pytest.approx({"S030": 0.15, "CASH": 0.85})


def test_what_the_caps_cannot_hold_is_cash():
    offer = market(0, 40)
    offer["sector"][:] = "Tech"
    for name in CONSTRUCTIONS:
        assert cash(build(name, offer)) == pytest.approx(0.7, abs=1e-8), name


def test_turnover_out_of_reach_is_the_least_reachable_and_is_said():
    offer = market(0, 40) | {"held": pd.Series({"GONE": 0.9}), "limits": limits(l2_reg=0.0)}
    for name in ("max_sharpe", "min_volatility"):
        assert status(name, offer) == "ok: turnover 100.0% is the least reachable"
