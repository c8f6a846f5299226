"""From the state of the market to the share of the book to invest.

Regimes: unfavorable is 0 or risk-off, neutral 1 or normal, favorable 2 or risk-on.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain.calendar import Rebalances

REGIMES = {"unfavorable": 0, "neutral": 1, "favorable": 2}
CASH = "CASH"
NO_FORECASTER = "none"


@dataclass(frozen=True)
class Thresholds:
    """Meta probabilities and exposures that separate the regimes."""

    favorable: float
    unfavorable: float
    favorable_exposure: float
    neutral_exposure: float
    unfavorable_exposure: float


def regime(tft_p50: np.ndarray, meta_prob_success: np.ndarray, thresholds: Thresholds) -> np.ndarray:
    """State of the market from a forecast and the odds that its sign is right.

    Unfavorable is looked at first: a negative median decides even where the odds are unknown. A median of
    0 leaves it to the odds; unknown odds, or an unknown forecast, are neutral.
    """
    p50, odds = np.asarray(tft_p50, float), np.asarray(meta_prob_success, float)
    unfavorable = (p50 < 0) | (~np.isnan(p50) & (odds <= thresholds.unfavorable))
    favorable = (p50 > 0) & (odds >= thresholds.favorable)
    return np.where(unfavorable, "unfavorable", np.where(favorable, "favorable", "neutral"))


def signals(forecasts: pd.DataFrame, meta: pd.Series, thresholds: Thresholds) -> pd.DataFrame:
    """Regime and exposure of each session.

    Parameters
    ----------
    forecasts : DataFrame
        ``session, tft_p10, tft_p50, tft_p90, tft_source`` in order of sessions; null where there is none.
    meta : Series
        ``meta_prob_success`` of the same rows.
    thresholds : Thresholds

    Returns
    -------
    DataFrame
        The forecasts with ``meta_prob_success, market_regime, exposure_scalar, is_stale``. A session without a
        forecast keeps the last one; from the second such session it is stale and the exposure is at most neutral.
        Where nobody forecasts yet (``tft_source`` is ``none``) nothing is stale.
    """
    rows = forecasts.assign(meta_prob_success=meta.to_numpy(dtype=float)).reset_index(drop=True)
    missing = rows["tft_p50"].isna()
    nth_forecast = (~missing).cumsum()
    age = missing.groupby(nth_forecast).cumsum()
    # a forecast is carried whole: odds that are unknown with it stay unknown
    carried = (
        rows[["tft_p10", "tft_p50", "tft_p90", "meta_prob_success"]]
        .where(~missing)
        .groupby(nth_forecast)
        .transform("first")
    )
    rows[carried.columns] = carried
    rows["market_regime"] = regime(rows["tft_p50"].to_numpy(), rows["meta_prob_success"].to_numpy(), thresholds)
    exposure = rows["market_regime"].map(
        {
            "favorable": thresholds.favorable_exposure,
            "neutral": thresholds.neutral_exposure,
            "unfavorable": thresholds.unfavorable_exposure,
        }
    )
    rows["is_stale"] = missing & (rows["tft_source"] != NO_FORECASTER) & (age > 1)
    rows["exposure_scalar"] = np.where(rows["is_stale"], np.minimum(exposure, thresholds.neutral_exposure), exposure)
    return rows


def signals_of(forecasts: pd.DataFrame, odds: pd.Series, dates: Rebalances, *, thresholds: Thresholds) -> pd.DataFrame:
    """Signals of the sessions of each date; a missing forecast looks back no further than the rebalance window before.

    Parameters
    ----------
    forecasts : DataFrame
        Rows of ``market_forecasts`` of the dates and of the one before them.
    odds : Series indexed by session
    dates : Rebalances
    thresholds : Thresholds
    """
    ordered = forecasts.sort_values("session", ignore_index=True).drop(columns="quantiles_crossed")
    parts = []
    for before, date in dates.spans():
        both = ordered[(ordered["rebalance_date"] == before) | (ordered["rebalance_date"] == date)]
        rows = signals(both, odds.reindex(pd.DatetimeIndex(both["session"])), thresholds)
        parts.append(rows[rows["rebalance_date"] == date])
    return pd.concat(parts, ignore_index=True)


def scale_exposure(weights: pd.DataFrame, signals: pd.DataFrame, *, brake: pd.Series | None = None) -> pd.DataFrame:
    """Weights times the exposure of their date, the rest in an explicit CASH row.

    Parameters
    ----------
    weights : DataFrame
        ``rebalance_date, symbol, weight`` of the champion, its CASH row included; sums to 1 by date. Where a column
        ``is_gated`` is true the exposure is in the weights already and counts as 1.
    signals : DataFrame
        ``session, exposure_scalar, is_stale``, with a row for every rebalance date.
    brake : Series, optional
        Further factor by rebalance date, 0 to 1, from the volatility target.

    Returns
    -------
    DataFrame
        ``rebalance_date, symbol, weight, unscaled_weight, exposure_scalar, may_increase``.
    """
    at_close = signals[["session", "exposure_scalar", "is_stale"]].rename(columns={"session": "rebalance_date"})
    rows = weights.merge(at_close, on="rebalance_date", how="left", validate="many_to_one")
    if rows["exposure_scalar"].isna().any():
        raise ValueError(
            f"there is no market signal for {rows.loc[rows['exposure_scalar'].isna(), 'rebalance_date'].iloc[0].date()}"
        )
    if "is_gated" in rows:
        rows["exposure_scalar"] = rows["exposure_scalar"].mask(rows["is_gated"], 1.0)
    if brake is not None:
        rows["exposure_scalar"] = rows["exposure_scalar"] * rows["rebalance_date"].map(brake)
    is_cash = rows["symbol"] == CASH
    scaled = np.where(is_cash, 0.0, rows["weight"] * rows["exposure_scalar"])
    invested = pd.Series(scaled).groupby(rows["rebalance_date"].to_numpy()).sum()
    rest = 1.0 - rows["rebalance_date"].map(invested).to_numpy()
    return pd.DataFrame(
        {
            "rebalance_date": rows["rebalance_date"],
            "symbol": rows["symbol"],
            "weight": np.where(is_cash, np.maximum(rest, 0.0), scaled),
            "unscaled_weight": rows["weight"],
            "exposure_scalar": rows["exposure_scalar"],
            "may_increase": ~rows["is_stale"],
        }
    )


def volatility_brake(volatility: np.ndarray, target: float | None) -> np.ndarray:
    """Factor that brings a yearly volatility down to the target; 1 where it lies below, is unknown, or there is none."""
    if target is None:
        return np.ones_like(volatility)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(volatility > target, target / volatility, 1.0)
