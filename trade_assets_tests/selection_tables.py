"""A made-up history of the selection, small and complete: prices and weights are invented, the rest is computed from them."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from trade_assets.domain import calendar, champion, evidence, grid, grid_returns, prices
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.costs import Rates
from trade_assets.domain.overfitting.score import WEIGHTS, Thresholds
from trade_assets.domain.report.selection import SelectionTables, Terms

GOOD, POOR = ("AAA", "BBB"), ("CCC", "DDD", "EEE", "FFF")
SYMBOLS = (*GOOD, *POOR)
MODELS, CONSTRUCTIONS = ("lightgbm", "catboost", "ridge_stack"), ("rank_decay", "min_volatility", "equal_weight")
SKIPPED = "skipped: not installed"
RATES = Rates(1.0, 4.0, 0.1)
CAPITAL, WINDOW, EVERY, FIRST = 1e5, 52, 6, 16
TERMS = Terms(
    champion=champion.Terms(
        incumbent=("ridge_stack", "rank_decay"), thresholds=Thresholds(), alpha=0.05, first=FIRST, n_models=3, paired_alpha=0.05,
        least_deflated=0.5, pbo_max=0.5, loss_max=0.5, seed=1, reps=400,
    ),
    cells=tuple((model, construction) for model in MODELS for construction in CONSTRUCTIONS),
    window_rebalances=WINDOW, every_rebalances=EVERY, legs=(("qqq", "QQQ"), ("spy", "SPY")), rates=RATES, capital_usd=CAPITAL,
)  # fmt: skip


def made(
    n_dates: int = 60, *, seed: int = 2, edge: float = 0.002, rollbacks: pd.DataFrame | None = None
) -> SelectionTables:
    """Tables over ``n_dates`` rebalances; ``edge`` is what ``GOOD`` gain a session more than the rest, which lightgbm knows."""
    rng = np.random.default_rng(seed)
    anchor = pd.Timestamp("2012-01-03")
    dates = calendar.rebalances(anchor, anchor, anchor + pd.Timedelta(days=15 * n_dates + 30), every=10)
    dates = dates.between(dates.dates[0], dates.dates[n_dates - 1])
    bars = _bars(rng, dates, edge)
    portfolios = _portfolios(rng, dates)
    panel = prices.panel(bars, through=dates.dates[-1])
    returns = grid_returns.returns(grid.with_scores(portfolios), panel, dates=dates, rates=RATES, capital_usd=CAPITAL)
    signals, trials = _signals(rng, dates), _trials(rng, dates)
    decided = [date for place, date in enumerate(dates.dates) if place % EVERY == 0]
    found = evidence.at_decisions(returns, dates=pd.DatetimeIndex(decided), grid_dates=dates, last=WINDOW)
    terms = evidence.Terms(WEIGHTS, TERMS.champion.thresholds, TERMS.champion.seed, TERMS.champion.reps)
    told = [
        evidence.table(earned, signals, trials[trials["rebalance_date"] <= date], date=date, terms=terms)
        for date, earned in found.items()
        if len(earned.dates) >= FIRST
    ]
    judged = pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=evidence.COLUMNS)
    in_force = champion.in_force(
        returns, judged, found, pd.DataFrame(), dates=dates, terms=TERMS.champion, rollbacks=rollbacks
    )
    return SelectionTables(
        candidate_skill=_skill(rng, dates),
        candidate_portfolios=portfolios,
        candidate_returns=returns,
        candidate_evidence=judged,
        champion_model=in_force,
        market_signals=signals,
        portfolio_returns=_indices(rng, dates),
        bars=bars,
    )


def emptied(tables: SelectionTables) -> SelectionTables:
    """The same tables without a row."""
    return replace(tables, **{name: rows.iloc[:0] for name, rows in vars(tables).items()})


def _bars(rng, dates: Rebalances, edge: float) -> pd.DataFrame:
    sessions = calendar.sessions_between(dates.dates[0] - pd.Timedelta(days=150), dates.dates[-1])
    common = rng.normal(0.0004, 0.005, len(sessions))
    parts = []
    for symbol in SYMBOLS:
        moves = common + rng.normal(edge if symbol in GOOD else 0.0, 0.006, len(sessions))
        close = 50.0 * np.exp(np.cumsum(moves))
        parts.append(
            pd.DataFrame(
                {
                    "session": sessions, "symbol": symbol, "open": close, "high": close, "low": close, "close": close, "volume": 2e5,
                    "split_ratio": 1.0, "dividend": 0.0, "adjustment_factor": np.nan, "price_basis": "raw",
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _portfolios(rng, dates: Rebalances) -> pd.DataFrame:
    rows = []
    for place, date in enumerate(dates.dates):
        for model, construction in TERMS.cells:
            if model == "catboost" or place < 2:
                rows.append(
                    (date, model, construction, "CASH", 1.0, SKIPPED if model == "catboost" else grid.NO_SCORES)
                )
                continue
            tilt = np.array([0.25 if model == "lightgbm" and symbol in GOOD else 0.0 for symbol in SYMBOLS])
            raw = rng.uniform(0.02, 0.16, len(SYMBOLS)) + tilt * (0.6 if construction == "equal_weight" else 1.0)
            weights = 0.95 * raw / raw.sum()
            status = "min_volatility: no expected return is above zero" if construction == "min_volatility" and place % 2 else "ok"  # fmt: skip
            rows += [(date, model, construction, symbol, weight, status) for symbol, weight in zip(SYMBOLS, weights, strict=True)]  # fmt: skip
            rows.append((date, model, construction, "CASH", 1.0 - weights.sum(), status))
        rows += [(date, *grid.BASELINE, symbol, 1.0 / len(SYMBOLS), "ok") for symbol in SYMBOLS]
        rows.append((date, *grid.BASELINE, "CASH", 0.0, "ok"))
    return pd.DataFrame(rows, columns=["rebalance_date", "model", "construction", "symbol", "weight", "status"])


def _signals(rng, dates: Rebalances) -> pd.DataFrame:
    sessions = dates.sessions()
    regimes = np.repeat(rng.choice(["favorable", "neutral", "unfavorable"], len(sessions) // 20 + 1), 20)
    return sessions[["rebalance_date", "session"]].assign(market_regime=regimes[: len(sessions)])


def _trials(rng, dates: Rebalances) -> pd.DataFrame:
    rows = [
        (date, "xgboost", trial, block, rng.normal(0, 0.02), 8, 0.0, json.dumps({"depth": trial}))
        for date in dates.dates[10::20]
        for trial in range(4)
        for block in dates.dates[:8]
    ]
    return pd.DataFrame(rows, columns=["rebalance_date", "study", "trial", "block", "return_frac", "n_trials", "value", "parameters"])  # fmt: skip


def _skill(rng, dates: Rebalances) -> pd.DataFrame:
    skills = {"lightgbm": 0.08, "ridge_stack": 0.0}
    rows = [
        (
            date,
            model,
            before,
            ic + rng.normal(0, 0.1),
            ic + rng.normal(0, 0.1),
            rng.normal(0.004 + ic / 20, 0.02),
            0.003,
            6,
        )
        for before, date in zip(dates.dates[2:-1], dates.dates[3:], strict=True)
        for model, ic in skills.items()
    ]
    return pd.DataFrame(rows, columns=["rebalance_date", "model", "feature_date", "rank_ic", "ic", "top_return_frac", "universe_return_frac", "n"])  # fmt: skip


def _indices(rng, dates: Rebalances) -> pd.DataFrame:
    sessions = dates.sessions()
    moves = rng.normal(0.0004, 0.008, (len(sessions), 2))
    return sessions[["rebalance_date", "session"]].assign(qqq_return_frac=moves[:, 0], spy_return_frac=moves[:, 1])
