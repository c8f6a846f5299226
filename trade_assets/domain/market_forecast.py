"""Forecasts of the index return: the rows each model learns from, and what it says of a session."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from trade_assets.domain.market_state import STATE
from trade_assets.domain.models import quantiles
from trade_assets.domain.models.quantiles import QUANTILES

OWN_MODEL = "lightgbm_quantiles"
NO_MODEL = "none"
COLUMNS = ["rebalance_date", "session", "tft_p10", "tft_p50", "tft_p90", "tft_source", "quantiles_crossed"]


def labelled(state: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """State of the index joined with what followed; only sessions on which the long windows are full."""
    rows = state.merge(outcomes, on="session", how="inner", validate="one_to_one")
    return rows[rows["drawdown_252"].notna()].sort_values("session", ignore_index=True)


def jobs(
    rows: pd.DataFrame,
    dates: pd.DatetimeIndex,
    *,
    train_sessions: int,
    min_rows: int,
    parameters: Mapping[str, object],
) -> Iterator[quantiles.Job]:
    """One fit a date, on the trailing sessions whose outcome was known at its close; none while they are too few."""
    for date in dates:
        known = rows[rows["label_end"] <= date].iloc[-train_sessions:]
        if len(known) >= min_rows:
            x, y = (
                known[list(STATE)].to_numpy(dtype=float),
                known["forward_return_frac"].to_numpy(dtype=float),
            )
            yield quantiles.Job(date, np.ascontiguousarray(x), y, pd.DatetimeIndex(known["session"]), dict(parameters))


def entry(fitted: quantiles.Fitted, addresses: list[str]) -> pd.DataFrame:
    """Rows of the ``forecast_models`` table for one fit."""
    return pd.DataFrame(
        {
            "rebalance_date": fitted.as_of,
            "quantile": list(QUANTILES),
            "artifact_sha256": addresses,
            "n_rows": len(fitted.sessions),
            "train_first": fitted.sessions[0],
            "train_last": fitted.sessions[-1],
            "pinball_loss": list(fitted.pinball_losses),
        }
    )


def forecast(
    sessions: pd.DataFrame, state: pd.DataFrame, models: Mapping[pd.Timestamp, tuple[str, ...]]
) -> pd.DataFrame:
    """Forecast every session with the models in force when it closed.

    Parameters
    ----------
    sessions : DataFrame
        ``rebalance_date, session, decided_at``: the last is the rebalance whose models are in force.
    state : DataFrame
        ``session`` and the columns of ``STATE``.
    models : mapping of rebalance date to the texts of the three quantile models

    Returns
    -------
    DataFrame
        Columns of the ``market_forecasts`` table; null where no model was in force, whose source
        is ``none``, or where the index had no bar.
    """
    rows = sessions.merge(state, on="session", how="left", validate="one_to_one")
    rows = rows.assign(tft_p10=np.nan, tft_p50=np.nan, tft_p90=np.nan, tft_source=NO_MODEL, quantiles_crossed=False)
    for decided_at, texts in models.items():
        in_force = rows["decided_at"] == decided_at
        rows.loc[in_force, "tft_source"] = OWN_MODEL
        inside = in_force & rows["return_1"].notna() & rows["average_gap_200"].notna()
        if inside.any():
            x = np.ascontiguousarray(rows.loc[inside, list(STATE)].to_numpy(dtype=float))
            values, crossed = quantiles.predict(texts, x)
            rows.loc[inside, ["tft_p10", "tft_p50", "tft_p90"]] = values
            rows.loc[inside, "quantiles_crossed"] = crossed
    return rows[COLUMNS]
