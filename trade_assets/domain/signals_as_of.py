"""The market signal in force at a date: the last one before it, and what its age forbids."""

import numpy as np
import pandas as pd

from trade_assets.domain import calendar, gates
from trade_assets.domain.gates import Thresholds

MAX_AGE_SESSIONS = 1
NOT_GIVEN = "not given"


def completed(signals: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    """Signals with the regime and the exposure that were not given.

    Parameters
    ----------
    signals : DataFrame
        ``date, tft_p50, meta_prob_success, market_regime, exposure_scalar, is_stale`` in order of dates, null where
        not given. A given exposure stands; else regime and exposure come from forecast and odds.
    thresholds : Thresholds

    Returns
    -------
    DataFrame
        The same columns, regime and exposure filled.
    """
    rows = signals.reset_index(drop=True)
    forecasts = rows.rename(columns={"date": "session"})[["session", "tft_p50"]]
    source = np.where(rows["tft_p50"].notna().cummax(), "file", gates.NO_FORECASTER)
    forecasts = forecasts.assign(tft_p10=np.nan, tft_p90=np.nan, tft_source=source)
    made = gates.signals(forecasts, rows["meta_prob_success"], thresholds)
    is_given = rows["exposure_scalar"].notna()
    derived = made["market_regime"].where(~is_given | rows["tft_p50"].notna(), NOT_GIVEN)
    regime = rows["market_regime"].where(is_given & rows["market_regime"].notna(), derived)
    return rows.assign(
        market_regime=regime,
        exposure_scalar=rows["exposure_scalar"].where(is_given, made["exposure_scalar"]),
        is_stale=rows["is_stale"] | (made["is_stale"] & ~is_given),
    )


def at(dates: pd.DatetimeIndex, signals: pd.DataFrame, *, neutral_exposure: float) -> pd.DataFrame:
    """The signal in force at each date, never a later one.

    Parameters
    ----------
    dates : DatetimeIndex, ascending
    signals : DataFrame
        As :func:`completed` gives them.
    neutral_exposure : float
        Most that a stale signal allows.

    Returns
    -------
    DataFrame
        ``session, signal_date, age_sessions, market_regime, exposure_scalar, is_stale``; dates before the first
        signal have no row. A signal older than one session is stale: its exposure is at most neutral.
    """
    known = signals.rename(columns={"date": "signal_date"})
    columns = ["signal_date", "market_regime", "exposure_scalar", "is_stale"]
    wanted = pd.DataFrame({"session": dates.as_unit("us")})
    rows = pd.merge_asof(wanted, known[columns], left_on="session", right_on="signal_date", direction="backward")
    rows = rows[rows["signal_date"].notna()].reset_index(drop=True)
    age = _sessions_between(pd.DatetimeIndex(rows["signal_date"]), pd.DatetimeIndex(rows["session"]))
    is_stale = rows["is_stale"].to_numpy(dtype=bool) | (age > MAX_AGE_SESSIONS)
    exposure = rows["exposure_scalar"].to_numpy()
    return rows.assign(
        age_sessions=age,
        is_stale=is_stale,
        exposure_scalar=np.where(is_stale, np.minimum(exposure, neutral_exposure), exposure),
    )


def _sessions_between(first: pd.DatetimeIndex, last: pd.DatetimeIndex) -> np.ndarray:
    if not len(first):
        return np.zeros(0, dtype=int)
    sessions = calendar.sessions_between(first.min() - pd.Timedelta(days=15), last.max())
    return sessions.searchsorted(last, side="right") - sessions.searchsorted(first, side="right")
