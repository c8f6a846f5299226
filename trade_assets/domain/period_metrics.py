"""The record of a book that is known only when its outcomes are: equity and metrics by periods, not by days."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from trade_assets.domain import metrics
from trade_assets.domain.overlap import Schedule


def equity(
    periods: pd.DataFrame, outcomes: Mapping[pd.Timestamp, pd.Series], schedule: Schedule, *, capital_usd: float
) -> pd.DataFrame:
    """Value of the book whenever the outcome of a rebalance became known.

    Parameters
    ----------
    periods : DataFrame
        As :func:`trade_assets.domain.tranches.run` gives them.
    outcomes : mapping of rebalance date to Series by symbol
    schedule : Schedule
    capital_usd : float

    Returns
    -------
    DataFrame
        ``date, equity, return, rebalance_date, exposure_frac, turnover_frac, cost_frac, equal_weight_return_frac``;
        the first row is the capital on the first rebalance date. The last column holds every name with an outcome
        equally, in the same tranches, without costs.
    """
    known = periods[periods["pnl_usd"].notna()]
    equal = _equal_weight(outcomes, schedule)
    value = capital_usd + np.cumsum([0.0, *known["pnl_usd"]])
    held = np.concatenate([[1.0], equal])
    return pd.DataFrame(
        {
            "date": [schedule.dates[0], *known["end"]],
            "equity": value,
            "return": np.concatenate([[0.0], value[1:] / value[:-1] - 1]),
            "rebalance_date": [pd.NaT, *known["rebalance_date"]],
            "exposure_frac": [0.0, *known["exposure_frac"]],
            "turnover_frac": [0.0, *known["turnover_frac"]],
            "cost_frac": [0.0, *known["cost_frac"]],
            "equal_weight_return_frac": np.concatenate([[0.0], held[1:] / held[:-1] - 1]),
        }
    )


def turnover(periods: pd.DataFrame, schedule: Schedule) -> dict[str, float]:
    """What trading took: ``turnover, turnover_annual, cost_annual``, shares of the whole book."""
    a_year = metrics.SESSIONS_PER_YEAR / schedule.sessions_apart
    mean = float(periods["turnover_frac"].mean())
    return {
        "turnover": mean,
        "turnover_annual": mean * a_year,
        "cost_annual": float(periods["cost_frac"].mean()) * a_year,
    }


def performance(
    returns: np.ndarray, dates: pd.DatetimeIndex, by_tranche: list[np.ndarray], schedule: Schedule
) -> dict[str, float]:
    """Return and risk of one book.

    Risk is that of a tranche, the mean over tranches: the value of several tranches moves by one outcome at a time,
    the average of so many start dates, and would look calmer than a book valued every day.

    Parameters
    ----------
    returns : ndarray of shape (rows,)
        Of the rows of :func:`equity`.
    dates : DatetimeIndex of shape (rows,)
        The first is the day of the capital.
    by_tranche : list of ndarrays
        Returns of each tranche; within one they do not overlap.
    schedule : Schedule

    Returns
    -------
    dict
        ``total_return, cagr, volatility, sharpe_ratio, max_drawdown, calmar, win_rate``; NaN where undefined.
    """
    a_year = metrics.SESSIONS_PER_YEAR / schedule.sessions_held
    total = metrics.total_return(returns[1:])
    growth, worst = _growth_a_year(total, dates), _mean([metrics.max_drawdown(r) for r in by_tranche])
    return {
        "total_return": total,
        "cagr": growth,
        "volatility": _mean([metrics.volatility(r, periods_per_year=a_year) for r in by_tranche]),
        "sharpe_ratio": _mean([metrics.sharpe_ratio(r, periods_per_year=a_year) for r in by_tranche]),
        "max_drawdown": worst,
        "calmar": growth / -worst if worst < 0 else np.nan,
        "win_rate": metrics.win_rate(np.concatenate(by_tranche)) if by_tranche else np.nan,
    }


def of_tranches(periods: pd.DataFrame) -> list[np.ndarray]:
    """Known returns of each tranche of the book, net of costs."""
    known = periods[periods["return_frac"].notna()]
    return [part["return_frac"].to_numpy() for _, part in known.groupby("tranche")]


def of_equal_weight(outcomes: Mapping[pd.Timestamp, pd.Series], schedule: Schedule) -> list[np.ndarray]:
    """The same of a book that holds every name with an outcome equally."""
    means = _means(outcomes, schedule)
    return [means[j :: schedule.tranches] for j in range(min(schedule.tranches, len(means)))]


def by_regime(periods: pd.DataFrame, regimes: pd.Series, schedule: Schedule) -> pd.DataFrame:
    """Returns of the tranches by the regime in which they were rebuilt; ``regimes`` is by rebalance date."""
    known = periods[periods["return_frac"].notna()]
    rows = metrics.regime_performance(
        known["return_frac"].to_numpy(),
        known["rebalance_date"].map(regimes).to_numpy(),
        periods_per_year=metrics.SESSIONS_PER_YEAR / schedule.sessions_held,
    )
    return rows.rename(columns={"n_sessions": "n_periods"}).drop(columns=["max_drawdown"])


def definitions(
    schedule: Schedule, *, horizon_sessions: int, commission_bps: float, half_spread_bps: float
) -> dict[str, str]:
    """What each figure means, with the numbers it was made with."""
    held, apart, tranches = schedule.sessions_held, schedule.sessions_apart, schedule.tranches
    a_year, turns = metrics.SESSIONS_PER_YEAR / held, metrics.SESSIONS_PER_YEAR / apart
    of_each, note = "", ""
    if tranches > 1:
        of_each = f", of each of the {tranches} tranches, within which no outcomes overlap, mean over tranches"
        note = (
            " The value of all tranches together (equity.csv) falls less, because it averages over their start dates."
        )
    return {
        "total_return": "Value at the last known outcome over the capital, minus one, net of costs.",
        "cagr": "Total return plus one, to the power of 365.25 / calendar days from the first rebalance to the last "
        "known outcome, minus one. Below a year it extrapolates.",
        "volatility": f"Sample standard deviation (ddof 1) of the returns over one holding period{of_each}; times the "
        f"square root of {a_year:.2f} (252 / {held:.2f} sessions).",
        "sharpe_ratio": f"Mean of the returns over one holding period, over their sample standard deviation{of_each}; "
        f"times the square root of {a_year:.2f}; the risk-free rate is 0.",
        "max_drawdown": f"Deepest fall from the highest value so far, the capital included{of_each}; seen only where "
        f"an outcome becomes known, since the days within {horizon_sessions} sessions are not in the file.{note}",
        "calmar": "CAGR over the size of the maximum drawdown.",
        "win_rate": "Holding periods with a gain, as a share of those with a gain or a loss.",
        "turnover": "Half the sum of absolute weight changes from the drifted holdings, cash included, as a share of "
        "the whole book; mean over rebalances, the first build included.",
        "turnover_annual": f"Turnover times {turns:.2f} rebalances a year (252 / {apart:.2f} sessions).",
        "cost_annual": f"Commission of {commission_bps:g} and half-spread of {half_spread_bps:g} basis points on every "
        "dollar traded, as a share of the whole book, in a year; already in every return here.",
        "mean_rank_ic": "Spearman correlation of predictions and actual returns of a rebalance, mean over rebalances.",
        "n_rebalances": "Rebalances in weights.csv and trades.csv.",
        "n_periods": "Rebalances whose outcome is known.",
        "equal_weight": "Every name with an actual held equally, in the same tranches, fully invested, without costs.",
        "by_regime": "Holding periods by the market regime at their start, annualised as above.",
    }


def _means(outcomes: Mapping[pd.Timestamp, pd.Series], schedule: Schedule) -> np.ndarray:
    return np.array([float(outcomes[date].mean()) for date in schedule.dates if date in outcomes])


def _equal_weight(outcomes: Mapping[pd.Timestamp, pd.Series], schedule: Schedule) -> np.ndarray:
    share = np.full(schedule.tranches, 1.0 / schedule.tranches)
    values = []
    for i, mean in enumerate(_means(outcomes, schedule)):
        share[i % schedule.tranches] *= 1 + mean
        values.append(share.sum())
    return np.array(values)


def _growth_a_year(total: float, dates: pd.DatetimeIndex) -> float:
    days = (dates[-1] - dates[0]).days
    return float((1 + total) ** (metrics.DAYS_PER_YEAR / days) - 1) if days > 0 and total >= -1 else np.nan


def _mean(values: list[float]) -> float:
    known = [v for v in values if not np.isnan(v)]
    return float(np.mean(known)) if known else np.nan
