"""Information coefficients by the session the scores were made at, known once its horizon is over (F-67, F-68)."""

import numpy as np
import pandas as pd
from scipy import stats

from trade_assets.domain import metrics
from trade_assets.domain.live.monitoring import OK, WARN, Reading
from trade_assets.domain.prices import Panel

QUANTILES = 5


def by_session(
    scores: pd.DataFrame, panel: Panel, session: pd.Timestamp, *, horizon: int, lookback: int
) -> pd.DataFrame:
    """Scores of the last sessions whose horizon has ended by ``session``, with what came of them.

    Parameters
    ----------
    scores : DataFrame
        ``session, symbol, score_now``.
    panel : Panel
        Bars up to the session.
    session : Timestamp
    horizon : int, sessions
    lookback : int
        Sessions of scores.

    Returns
    -------
    DataFrame
        ``session, symbol, score, return_frac``; a return is null where a price is missing at either end.
    """
    end = int(panel.rows(pd.DatetimeIndex([session]))[0])
    known = scores.dropna(subset="score_now")
    parts = []
    for made, rows in known.groupby("session", sort=True):
        place = panel.sessions.get_indexer(pd.DatetimeIndex([made]))[0]
        if place < 0 or place + horizon > end or place + horizon <= end - lookback:
            continue
        inside = rows[rows["symbol"].isin(panel.symbols)].sort_values("symbol")
        gross = panel.gross[place + 1 : place + horizon + 1, panel.columns(inside["symbol"])]
        returns = np.multiply.reduce(gross, axis=0) - 1.0
        parts.append(pd.DataFrame({"session": made, "symbol": inside["symbol"].to_numpy(), "score": inside["score_now"].to_numpy(), "return_frac": returns}))  # fmt: skip
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["session", "symbol", "score", "return_frac"])
    )


def coefficients(rows: pd.DataFrame) -> pd.DataFrame:
    """``session, ic, rank_ic, n`` of each session; null where either side does not vary or has fewer than two names."""
    made = []
    for session, own in rows.groupby("session", sort=True):
        scores, returns = own["score"].to_numpy(dtype=float), own["return_frac"].to_numpy(dtype=float)
        known = ~np.isnan(returns)
        made.append(
            (
                session,
                metrics.correlation(scores[known], returns[known]),
                metrics.rank_ic(scores, returns),
                int(known.sum()),
            )
        )
    return pd.DataFrame(made, columns=["session", "ic", "rank_ic", "n"])


def readings(by_date: pd.DataFrame, *, area: str, horizon: int, alert: float) -> list[Reading]:
    """Mean coefficients of the last sessions, with the p-value of a mean that is not above zero."""
    found = []
    for name in ("ic", "rank_ic"):
        values = by_date[name].dropna().to_numpy()
        mean = float(values.mean()) if len(values) else float("nan")
        p = float(stats.norm.sf(metrics.newey_west_t(values, lags=horizon - 1)))
        label = "IC" if name == "ic" else "Rank IC"
        if not len(values):
            told = f"{label} over {horizon} sessions: no scores of the live history are that old yet."
            found.append(Reading(area, name, mean, 0, OK, told))
            continue
        told = f"{label} over {horizon} sessions {mean:+.3f}, mean of {len(values)} sessions' scores" + (
            f", p {p:.2f}" if p == p else ""
        )
        severity = WARN if mean < alert else OK
        found.append(Reading(area, name, mean, len(values), severity, f"{told}; warns below {alert:.2f}."))
        found.append(
            Reading(
                area,
                f"{name}_p_value",
                p,
                len(values),
                OK,
                "Chance of such a mean where scores tell nothing, overlap counted.",
            )
        )
    return found


def quantiles(rows: pd.DataFrame) -> list[Reading]:
    """Return of five groups by score, formed within each session; the best should earn more than the worst."""
    known = rows.dropna(subset="return_frac")
    if not len(known):
        return []
    share = known.groupby("session")["score"].rank(pct=True, method="average")
    bucket = np.minimum(np.ceil(share * QUANTILES), QUANTILES).astype(int)
    found, means = [], {}
    for place, own in known.groupby(bucket):
        of = own["return_frac"].to_numpy(dtype=float)
        means[place] = float(of.mean())
        spread = float(of.std(ddof=1)) if len(of) > 1 else float("nan")
        told = f"Group {place} of {QUANTILES} by score earned {of.mean():+.2%} on average, spread {spread:.2%}, {len(of)} stock sessions."
        found.append(Reading("quantiles", f"avg_return_{place}", means[place], len(of), OK, told))
        found.append(
            Reading("quantiles", f"std_return_{place}", spread, len(of), OK, "Standard deviation of the same.")
        )
    if {1, QUANTILES} <= set(means):
        gap = means[QUANTILES] - means[1]
        told = f"The best group earned {gap:+.2%} more than the worst" + (
            ": the order is upside down." if gap < 0 else "."
        )
        found.append(Reading("quantiles", "top_minus_bottom", gap, len(known), WARN if gap < 0 else OK, told))
    return found
