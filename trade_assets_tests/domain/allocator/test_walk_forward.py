"""From sleeves to acceptance on markets whose answer is known: a leg that leads in a regime, and legs that are alike."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from trade_assets.assets import allocator_policies
from trade_assets.domain import calendar
from trade_assets.domain.allocator import (
    acceptance,
    allocated,
    book,
    dataset,
    features,
    folds,
    models,
    performance,
    utility,
)
from trade_assets.domain.allocator.folds import Plan
from trade_assets.domain.allocator.legs import Legs
from trade_assets.domain.allocator.utility import Terms
from trade_assets.settings import load
from trade_assets_tests.sleeves import sleeves

YEARS, EVERY, RETRAIN = 7, 10, 12
PLAN = Plan(train_sessions=756, calibration_sessions=126, embargo_sessions=10, inner_folds=2, min_train_rows=252)
TERMS = Terms(10, 1.0, 1.0, 0.0003)
OWN = allocator_policies.policy(load())
OWN = replace(
    OWN, models=replace(OWN.models, names=("ridge", "elastic_net"), min_train_rows=252, calibrate_from_rows=60)
)
LIMITS = replace(allocator_policies.acceptance_limits(load()), min_sessions=252)


def walk(legs: Legs, regime: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of ``allocation`` and of ``allocator_report``; the regime is a feature known at the close."""
    dates = calendar.rebalances(legs.sessions[0], legs.sessions[0], legs.sessions[-1], every=EVERY)
    days = dates.sessions()
    legs = Legs(*(part[: len(days)] for part in (legs.sessions, legs.gross, legs.position, legs.engine)), legs.present)
    seen = features.of_sleeves(legs).assign(qqq_index_slope_63=regime[: len(days)])
    seen = seen.reindex(columns=["session", *features.FEATURES])
    rows = dataset.rows(seen, legs, days, pd.DataFrame(), TERMS)
    made, told = {}, []
    current: tuple[models.Model, pd.DataFrame] | None = None
    for place, date in enumerate(dates.dates):
        if place % RETRAIN == 0:
            final = folds.final_fold(rows, date, PLAN)
            fit = models.fit(models.Job(date, final, folds.inner_folds(final, PLAN), OWN.models))
            entries = None if fit is None else models.entries(fit, lambda texts: ["0" * 64] * len(texts))
            current = None if fit is None else (fit.fitted.model(), entries)
        if current is not None:
            made[date] = current[0]
            told.append(current[1].assign(rebalance_date=date))
    given = days.merge(seen, on="session")[["rebalance_date", "session", *features.FEATURES]]
    weights = utility.weights_of(OWN.models.buckets)
    books = dict.fromkeys(dates.dates, OWN.rulebook)
    decided = book.run(book.opening(legs), legs, days, given, models=made, rulebooks=books, weights=weights)
    nothing = pd.DataFrame({"session": legs.sessions, "index_qqq_return_frac": 0.0, "index_spy_return_frac": 0.0})
    whole = allocated.book(
        decided, decided.iloc[:0], legs, dates, index_returns=nothing, cost_frac=TERMS.cost_frac, window_sessions=500
    )
    report = performance.table(
        whole,
        pd.concat(told),
        pd.DataFrame(columns=performance.COLUMNS),
        dates=dates,
        grid_dates=dates,
        year=26,
    )
    return decided, acceptance.decided(report, LIMITS)


def figures(report: pd.DataFrame, of: str = "allocated") -> dict[str, float]:
    newest = report[(report["rebalance_date"] == report["rebalance_date"].max()) & (report["window"] == "since_model")]
    own = newest[newest["book"] == of]
    return dict(zip(own["metric"], own["value"], strict=True))


@pytest.fixture(scope="module")
def led():
    rng = np.random.default_rng(11)
    n = 252 * YEARS
    regime = np.repeat(rng.choice([-1.0, 1.0], n // 40 + 1), 40)[:n]
    noise = rng.normal(0.0, 0.005, (n, 2))
    lead = 0.0012 * regime
    returns = noise + np.column_stack([lead, -lead]) + 0.0002
    return regime, *walk(sleeves(returns), regime)


def test_the_weight_moves_out_of_sample_to_the_leg_that_leads(led):
    regime, decided, report = led
    decided = decided[decided["has_model"]]
    leads = pd.Series(regime).iloc[decided.index]
    share = decided["w_qqq"] / (decided["w_qqq"] + decided["w_spy"])
    assert share[leads == 1].mean() > 0.6
    assert share[leads == -1].mean() < 0.4
    own, engine = figures(report), figures(report, "engine")
    assert own["avg_monthly_return"] > engine["avg_monthly_return"]
    assert own["edge_t"] > acceptance.LUCK_T


def test_since_the_first_model_is_the_whole_of_the_judged_sessions(led):
    _, decided, report = led
    judged = decided["has_model"].shift(2, fill_value=False)
    returns = decided.loc[judged, "return_frac"].to_numpy()
    told = figures(report)
    assert told["n_sessions"] == judged.sum()
    assert told["total_return"] == pytest.approx(np.prod(1.0 + returns) - 1.0, rel=1e-9)
    equity = np.cumprod(1.0 + returns)
    falls = 1.0 - equity / np.maximum.accumulate(np.concatenate([[1.0], equity]))[1:]
    assert told["max_drawdown"] == pytest.approx(-falls.max(), rel=1e-9)
    months = judged.sum() / 21
    assert told["turnover_monthly"] == pytest.approx(decided.loc[judged, "turnover"].sum() / months)


def test_legs_that_are_alike_are_hardly_traded_and_never_accepted():
    rng = np.random.default_rng(12)
    n = 252 * YEARS
    one = rng.normal(0.0003, 0.004, (n, 1))
    regime = np.repeat(rng.choice([-1.0, 1.0], n // 40 + 1), 40)[:n]
    decided, report = walk(sleeves(np.hstack([one, one])), regime)
    assert decided["has_model"].any()
    assert figures(report)["turnover_monthly"] <= 0.02
    accepted = report[report["metric"] == "is_accepted"]["value"]
    assert len(accepted)
    assert (accepted == 0.0).all()
