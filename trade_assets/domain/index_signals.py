"""Market signals of one index from its closes alone: the market gate of the graph on a person's own series.

Models are refitted every n-th session counted from the first of the series, on outcomes known by then, and are
in force from the session after. What a series says of a day does not change when later days are added.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import calendar, gates, market_forecast, market_state, meta_label, prices
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.gates import Thresholds

INDEX, OTHER = "QQQ", "SPY"
FILE = "file"
SIGNALS = [
    "session", "tft_p10", "tft_p50", "tft_p90", "tft_source",
    "meta_prob_success", "market_regime", "exposure_scalar", "is_stale",
]  # fmt: skip


def state_and_outcomes(closes: pd.DataFrame, *, horizon_sessions: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What the index looks like at each close, and what it returned after it.

    Parameters
    ----------
    closes : DataFrame
        ``date, close, spy_close`` in order of sessions, adjusted for splits and dividends; the last may be null.
    horizon_sessions : int
    """
    legs = [_bars(closes, INDEX, "close"), _bars(closes[closes["spy_close"].notna()], OTHER, "spy_close")]
    panel = prices.panel(pd.concat([leg for leg in legs if len(leg)], ignore_index=True))
    return (
        market_state.index_state(panel, qqq=INDEX, spy=OTHER),
        market_state.forward_returns(panel, symbol=INDEX, horizon_sessions=horizon_sessions),
    )


def refits(days: pd.DatetimeIndex, *, every: int) -> Rebalances:
    """Every n-th session from the first day, through the one that ends the span of the last day."""
    first, last = days[0], days[-1]
    dates = calendar.sessions_between(first, last + pd.Timedelta(days=2 * every + 15))[::every]
    through = int(dates.searchsorted(last)) + 1
    return Rebalances(dates[:through], np.arange(through))


def spans(days: pd.DatetimeIndex, grid: Rebalances) -> pd.DataFrame:
    """``rebalance_date, session, decided_at`` of the days: the refit that ends their span, and the one in force."""
    rows = grid.sessions()
    return rows[rows["session"].isin(days)].reset_index(drop=True)


def given(forecasts: pd.DataFrame, sessions: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of a file as rows of ``market_forecasts``.

    Parameters
    ----------
    forecasts : DataFrame
        ``date, tft_p10, tft_p50, tft_p90, tft_source``; where the last is null the source is the file, and before its
        first forecast there is none.
    sessions : DataFrame
        As :func:`spans` gives them.
    """
    known = forecasts.rename(columns={"date": "session"})
    rows = sessions.merge(known, on="session", how="left", validate="one_to_one")
    has_begun = rows["tft_p50"].notna().cummax()
    source = rows["tft_source"].fillna(FILE).where(has_begun, gates.NO_FORECASTER)
    return rows.assign(tft_source=source, quantiles_crossed=False)[market_forecast.COLUMNS]


def fits_due(rows: pd.DataFrame, dates: pd.DatetimeIndex, *, min_rows: int) -> int:
    """How many of the dates know enough outcomes for a fit; ``rows`` with ``label_end``."""
    known = np.sort(rows["label_end"].to_numpy()).searchsorted(dates.to_numpy(), side="right")
    return int((known >= min_rows).sum())


def signals(
    forecasts: pd.DataFrame,
    state: pd.DataFrame,
    forests: Mapping[pd.Timestamp, str],
    grid: Rebalances,
    *,
    thresholds: Thresholds,
) -> pd.DataFrame:
    """Regime and exposure of every day, columns ``SIGNALS``; ``forests`` are texts by refit."""
    odds = meta_label.odds(forecasts, state, forests, grid)
    return gates.signals_of(forecasts, odds, grid, thresholds=thresholds)[SIGNALS]


def by_regime(signals: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """What followed each regime: ``regime, n_sessions, share, mean_return_frac, sign_right_share``."""
    rows = signals.merge(outcomes, on="session", how="left", validate="one_to_one")
    known = rows["forward_return_frac"].notna() & rows["tft_p50"].notna()
    right = (np.sign(rows["tft_p50"]) == np.sign(rows["forward_return_frac"])).astype(float).where(known)
    return pd.DataFrame(
        [
            {
                "regime": name,
                "n_sessions": int(inside.sum()),
                "share": float(inside.mean()),
                "mean_return_frac": float(rows.loc[inside, "forward_return_frac"].mean()),
                "sign_right_share": float(right[inside].mean()),
            }
            for name in gates.REGIMES
            for inside in [rows["market_regime"] == name]
        ]
    )


def _bars(closes: pd.DataFrame, symbol: str, column: str) -> pd.DataFrame:
    blank = dict.fromkeys(("open", "high", "low", "volume", "adjustment_factor"), np.nan)
    actions = {"split_ratio": 1.0, "dividend": 0.0, "price_basis": "adjusted"}
    return pd.DataFrame({"session": closes["date"], "symbol": symbol, "close": closes[column], **blank, **actions})
