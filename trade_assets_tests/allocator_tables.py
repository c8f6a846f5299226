"""A made-up history of the allocator, small and complete: sleeves and fits are invented, the rest is computed from them."""

import json

import numpy as np
import pandas as pd

from trade_assets.domain import calendar
from trade_assets.domain.allocator import acceptance, allocated, book, performance, utility
from trade_assets.domain.allocator.book import Rulebook
from trade_assets.domain.allocator.envelope import Limits
from trade_assets.domain.allocator.features import FEATURES
from trade_assets.domain.allocator.legs import Legs
from trade_assets.domain.allocator.models import Model
from trade_assets.domain.allocator.policy import Rules
from trade_assets.domain.report.allocator import AllocatorTables, Terms

BUCKETS, YEAR, COST = 11, 26, 3e-4
ACCEPTANCE = acceptance.Limits(
    drawdown_tolerance=0.02, drawdown_cap=0.12, turnover_cap=0.5, negative_fold_rate=0.45, importance_stability=0.3, min_sessions=100
)  # fmt: skip
LIMITS = Limits(
    drawdown_warn=0.02, drawdown_stop=0.12, guard_floor=0.25, volatility_target=0.03, drift_from=0.1, drift_to=0.5, drift_floor=0.5,
    band=0.02, daily_cap=0.1,
)  # fmt: skip
TERMS = Terms(
    rulebook=Rulebook(Rules(0.5, 0.1, 0.02, 1.0, COST), LIMITS), limits=ACCEPTANCE, horizon_sessions=10, buckets=BUCKETS,
    constant_mix_sessions=60, legs=(("qqq", "AAA"), ("spy", "SPY")),
)  # fmt: skip
MEMBERS = {"base": 0.0, "elastic_net": 0.02, "lightgbm": 0.01, "ridge": -0.03}


def made(
    n_dates: int = 60, *, seed: int = 0, first_model: int = 10, present: tuple[bool, bool] = (True, True)
) -> AllocatorTables:
    """Tables over ``n_dates`` rebalances; those before ``first_model``, and all with one leg only, have no model."""
    rng = np.random.default_rng(seed)
    anchor = pd.Timestamp("2012-01-03")
    dates = calendar.rebalances(anchor, anchor, anchor + pd.Timedelta(days=15 * n_dates + 30), every=10)
    dates = dates.between(dates.dates[0], dates.dates[n_dates - 1])
    sessions = dates.sessions()
    legs = _legs(rng, pd.DatetimeIndex(sessions["session"]), present)
    features = _features(rng, sessions, legs)
    fitted = dates.dates[first_model:] if all(present) else dates.dates[:0]
    allocation = book.run(
        book.opening(legs), legs, sessions, features, models=dict.fromkeys(fitted, _model()),
        rulebooks=dict.fromkeys(dates.dates, TERMS.rulebook), weights=utility.weights_of(BUCKETS),
    )  # fmt: skip
    returns = rng.normal(0.0004, 0.01, (len(sessions), 2))
    rows = allocated.book(
        allocation, allocation.iloc[:0], legs, dates, cost_frac=COST, window_sessions=60,
        index_returns=pd.DataFrame({"session": sessions["session"], "index_qqq_return_frac": returns[:, 0], "index_spy_return_frac": returns[:, 1]}),
    )  # fmt: skip
    fits = _fits(rng, fitted)
    report = performance.table(
        rows, fits, pd.DataFrame(columns=performance.COLUMNS), dates=dates, grid_dates=dates, year=YEAR
    )
    return AllocatorTables(
        allocation=allocation,
        allocated_book=rows,
        allocator_report=acceptance.decided(report, ACCEPTANCE),
        allocator_models=fits,
        allocator_features=features[features["rebalance_date"] == dates.dates[-1]].reset_index(drop=True),
        allocator_fold_manifest=_manifest(fitted[-1:]),
        allocator_parameters=_parameters(dates.dates[-1:]),
    )


def accepted(tables: AllocatorTables) -> AllocatorTables:
    """The same history with figures no gate objects to."""
    told = {"avg_monthly_return": 0.02, "calmar": 5.0, "edge_t": 3.0, "max_drawdown": -0.01, "turnover_monthly": 0.1, "negative_fold_rate": 0.2, "negative_year_rate": 0.1}  # fmt: skip
    rows = tables.allocator_report.copy()
    own = (rows["window"] == "since_model") & (rows["book"] == "allocated")
    for metric, value in told.items():
        rows.loc[own & (rows["metric"] == metric), "value"] = value
    return AllocatorTables(**(vars(tables) | {"allocator_report": rows}))


def _legs(rng, sessions: pd.DatetimeIndex, present: tuple[bool, bool]) -> Legs:
    n = len(sessions)
    position = rng.uniform(0.1, 0.6, (n, 2)) * (rng.random((n, 2)) < 0.7) * np.array(present)
    gross = 1.0 + rng.normal(0.0, 0.006, (n, 2)) * position
    return Legs(sessions, gross, position, (gross - 1.0)[:, list(present)].mean(axis=1), present)


def _features(rng, sessions: pd.DataFrame, legs: Legs) -> pd.DataFrame:
    n = len(sessions)
    table = pd.DataFrame(rng.normal(size=(n, len(FEATURES))), columns=list(FEATURES))
    table = table.assign(
        qqq_position=legs.position[:, 0], spy_position=legs.position[:, 1], qqq_volatility_63=rng.uniform(0.001, 0.004, n),
        spy_volatility_63=rng.uniform(0.001, 0.004, n), sleeve_correlation_63=0.5, drift_intensity=rng.uniform(0.0, 0.4, n),
    )  # fmt: skip
    return pd.concat([sessions[["rebalance_date", "session"]], table], axis=1)


def _model() -> Model:
    def probability(x: np.ndarray) -> np.ndarray:
        shares = np.exp(np.outer(x[:, 0], np.linspace(-1.0, 1.0, BUCKETS)))
        return shares / shares.sum(axis=1, keepdims=True)

    return Model(probability, -0.01 * np.abs(np.subtract.outer(np.arange(BUCKETS), np.arange(BUCKETS))) / BUCKETS)


def _fits(rng, dates: pd.DatetimeIndex) -> pd.DataFrame:
    rows = []
    for place, date in enumerate(dates):
        retrain = dates[place // 2 * 2]
        share = 0.01 * (place // 2 % 5)
        gain = {"drift_intensity": 0.6 - share, "qqq_return_5": 0.4 + share, "spy_return_5": 0.0}
        responses = {"qqq_volatility_21": -0.02, "spy_downside_63": 0.03}
        for name, excess in MEMBERS.items():
            rows.append((date, retrain, name, "a" * 64, None, 0.4 if name == "base" else 0.2, 2.4 + excess + share, json.dumps({"importances": gain} if name == "lightgbm" else {})))  # fmt: skip
        rows.append((date, retrain, "blend", "b" * 64, "c" * 64, 1.0, np.nan, json.dumps({"calibration": "temperature", "responses": responses})))  # fmt: skip
    columns = ["rebalance_date", "retrain_date", "model", "artifact_sha256", "calibrator_sha256", "blend_weight", "inner_loss", "details"]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns).astype({"rebalance_date": "datetime64[us]", "retrain_date": "datetime64[us]", "inner_loss": float, "blend_weight": float})  # fmt: skip
    return table.assign(n_train_rows=400, n_calibration_rows=100, loss_before=2.42, loss_after=2.39, corner_share=0.8)


def _manifest(dates: pd.DatetimeIndex) -> pd.DataFrame:
    day = pd.Timestamp("2012-03-01")
    return pd.DataFrame(
        {
            "rebalance_date": dates, "retrain_date": dates, "fold": "final", "train_first": day, "train_last": day + pd.Timedelta(days=580),
            "calibration_first": day + pd.Timedelta(days=600), "calibration_last": day + pd.Timedelta(days=750), "n_train_rows": 400,
            "n_calibration_rows": 100, "n_purged_rows": 32,
        }
    )  # fmt: skip


def _parameters(dates: pd.DatetimeIndex) -> pd.DataFrame:
    return pd.DataFrame(
        {"rebalance_date": dates, "study": "allocator", "parameter": "alpha", "value": 0.5, "source": "settings", "search_date": pd.NaT}
    ).astype({"search_date": "datetime64[us]"})  # fmt: skip
