"""What to know before trusting a portfolio made from a predictions file, as sentences."""

import pandas as pd

from trade_assets.domain import calendar
from trade_assets.domain.constructions import Limits
from trade_assets.domain.overlap import Schedule


def of_input(
    predictions: pd.DataFrame, in_force: pd.DataFrame, schedule: Schedule, *, neutral_exposure: float, limits: Limits
) -> list[str]:
    """Sentences on what the files hold and what was left out of them.

    Parameters
    ----------
    predictions : DataFrame
        ``date, prediction``.
    in_force : DataFrame
        ``session, is_stale`` of every rebalance.
    schedule : Schedule
    neutral_exposure : float
    limits : Limits
    """
    dates, total = pd.DatetimeIndex(predictions["date"].unique()), len(schedule)
    stale, most = in_force.loc[in_force["is_stale"], "session"], limits.top_n * limits.max_weight
    early, closed = int((dates < schedule.dates[0]).sum()), int((~calendar.is_session(schedule.dates)).sum())
    unranked = int(predictions["prediction"].isna().sum())
    said = {
        f"{early} of {len(dates)} prediction dates lie before the first market signal and were left out.": early > 0,
        f"{closed} of {total} rebalances fall on days the exchange was closed; each counts as the session "
        "before.": closed > 0,
        f"The market signal was out of date at {len(stale)} of {total} rebalances ({_span(stale)}): exposure was at "
        f"most {neutral_exposure:.0%}, and nothing was bought.": len(stale) > 0,
        f"{unranked:,} of {len(predictions):,} predictions are null and were not ranked.": unranked > 0,
        f"{limits.top_n} names of at most {limits.max_weight:.1%} make at most {most:.0%} of the book; the rest is "
        "cash.": most < 1 - 1e-9,
        f"Predictions go on to {dates[-1].date()}, but the last rebalance is of {schedule.dates[-1].date()}: the steps "
        "are counted from the first date.": dates[-1] > schedule.dates[-1],
    }
    return [sentence for sentence, is_so in said.items() if is_so]


def of_result(periods: pd.DataFrame, schedule: Schedule, *, horizon_sessions: int, max_turnover: float) -> list[str]:
    """Sentences on what bent the trades and what the record leaves out; ``periods`` as the book gives them."""
    total, has_record = len(schedule), periods["return_frac"].notna().any()
    limited, unknown = int(periods["is_limited"].sum()), int(periods["n_unknown"].sum())
    has_gaps = schedule.sessions_held > horizon_sessions + 0.5
    said = {
        f"The limit of {max_turnover:.0%} turnover scaled buys down at {limited} of {total} rebalances, where the book "
        "stays short of its targets (setting portfolio.max_turnover).": limited > 0,
        f"{unknown} times a held name had no actual where others had; it counts as unchanged.": unknown > 0,
        "No actual is known, so the holdings are taken as last traded, without drift, and there is neither equity nor "
        "performance.": not has_record,
        f"Rebalances lie {schedule.sessions_held:.1f} sessions apart on average, but outcomes end after "
        f"{horizon_sessions}: what the book earned in between is not in the file, and counts as "
        "nothing.": has_record and has_gaps,
    }
    return [sentence for sentence, is_so in said.items() if is_so]


def _span(days: pd.Series) -> str:
    if not len(days):
        return ""
    first, last = days.iloc[0].date(), days.iloc[-1].date()
    return f"{first}" if first == last else f"from {first} to {last}"
