"""Which stocks may be held, by rules that use nothing later than the close."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trade_assets.domain import calendar, point_in_time
from trade_assets.domain.prices import Panel

VOLUME_SESSIONS = 63


@dataclass(frozen=True)
class Rules:
    """Universe rules; ``None`` switches one off."""

    min_history_sessions: int
    min_price_usd: float | None
    min_dollar_volume_usd: float | None
    first_n: int | None
    membership: bool
    blackout_sessions: int


@dataclass(frozen=True)
class SizeLimits:
    """From which market value, or where unknown which daily dollar volume, a company is large or mid-sized (USD)."""

    large_cap_usd: float
    mid_cap_usd: float
    large_dollar_volume_usd: float
    mid_dollar_volume_usd: float


def universe(
    panel: Panel,
    is_adjusted: pd.Series,
    facts: pd.DataFrame,
    membership: pd.DataFrame,
    *,
    dates: pd.DatetimeIndex,
    legs: list[str],
    lookback_sessions: int,
    rules: Rules,
    sizes: SizeLimits,
) -> pd.DataFrame:
    """Every symbol with a bar in the look-back of each date: a member, or the first rule that excludes it.

    Parameters
    ----------
    panel : Panel
        Bars that reach back ``lookback_sessions`` before the first date, where the history does.
    is_adjusted : Series of bool, indexed by symbol
        Whether the symbol's closes are adjusted, so that no rule on price applies.
    facts : DataFrame
        Columns of the ``fundamentals`` table.
    membership : DataFrame
        ``symbol, first_session, last_session, sector``; empty where the source has no list.
    dates : DatetimeIndex
    legs : list of str
        Index symbols, which are not stocks.
    lookback_sessions : int
        Sessions in which a symbol must have had a bar to be listed.
    rules : Rules
    sizes : SizeLimits

    Returns
    -------
    DataFrame
        Columns of the ``universe`` table but ``is_survivorship_free``.
    """
    traded = panel.close * panel.volume
    filings, share_counts = (
        point_in_time.Filings(facts),
        point_in_time.Filings(facts[facts["fact"] == "shares_outstanding"]),
    )
    membership = membership.sort_values(["symbol", "first_session"], ignore_index=True)
    parts = []
    for date, row in zip(dates, panel.rows(dates), strict=True):
        first = max(0, row + 1 - lookback_sessions)
        seen = ~np.isnan(panel.close[first : row + 1])
        listed = np.flatnonzero(seen.any(axis=0))
        if not len(listed):
            continue
        symbols = panel.symbols[listed]
        listing = _listing(membership, date)
        close_utc = calendar.close_utc(panel.sessions[max(0, row - rules.blackout_sessions - 1) : row + 1])
        frame = pd.DataFrame({"rebalance_date": date, "symbol": symbols})
        frame["sector"] = frame["symbol"].map(listing["sector"])
        frame["dollar_volume_usd"] = _median(traded[max(0, row + 1 - VOLUME_SESSIONS) : row + 1, listed])
        close = panel.close[row, listed]
        frame["size_bucket"] = _size(frame, share_counts, close, close_utc=close_utc[-1], sizes=sizes)
        blackout = filings.in_blackout(close_utc, sessions=rules.blackout_sessions)
        frame["in_blackout"] = frame["symbol"].isin(blackout)
        reason = _first_reason(
            [
                ("index leg", frame["symbol"].isin(legs).to_numpy()),
                ("no bar on this date", np.isnan(close)),
                (
                    "not in the index list",
                    ~frame["symbol"].isin(listing.index).to_numpy() if rules.membership and len(membership) else None,
                ),
                (
                    f"fewer than {rules.min_history_sessions} sessions of history",
                    seen[:, listed].sum(axis=0) < rules.min_history_sessions,
                ),
                (
                    "price too low",
                    _below(
                        close,
                        rules.min_price_usd,
                        known=~frame["symbol"].map(is_adjusted).to_numpy(dtype=bool),
                    ),
                ),
                (
                    "dollar volume too low",
                    _below(frame["dollar_volume_usd"].to_numpy(), rules.min_dollar_volume_usd),
                ),
            ],
            len(frame),
        )
        frame["exclusion_reason"] = _keep_first_n(reason, frame["dollar_volume_usd"], rules.first_n)
        frame["is_member"] = frame["exclusion_reason"].isna()
        parts.append(frame)
    columns = [
        "rebalance_date",
        "symbol",
        "is_member",
        "exclusion_reason",
        "sector",
        "size_bucket",
        "dollar_volume_usd",
        "in_blackout",
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def members_of(universe: pd.DataFrame) -> pd.DataFrame:
    """The rows of the universe that may be held."""
    return universe[universe["is_member"]].reset_index(drop=True)


def adjusted_symbols(bars: pd.DataFrame) -> pd.Series:
    """Whether each symbol's closes are adjusted, by symbol."""
    return (bars.drop_duplicates("symbol").set_index("symbol")["price_basis"] == "adjusted").rename("is_adjusted")


def _listing(membership: pd.DataFrame, date: pd.Timestamp) -> pd.DataFrame:
    inside = (membership["first_session"] <= date) & (
        membership["last_session"].isna() | (membership["last_session"] >= date)
    )
    return membership[inside].drop_duplicates("symbol", keep="last").set_index("symbol")


def _median(x: np.ndarray) -> np.ndarray:
    full = ~np.isnan(x).all(axis=0)
    out = np.full(x.shape[1], np.nan)
    out[full] = np.nanmedian(x[:, full], axis=0)
    return out


def _below(values: np.ndarray, limit: float | None, known: np.ndarray | None = None) -> np.ndarray | None:
    if limit is None:
        return None
    with np.errstate(invalid="ignore"):
        low = values < limit
    return low if known is None else low & known


def _first_reason(rules: list[tuple[str, np.ndarray | None]], count: int) -> pd.Series:
    reason = pd.Series([None] * count, dtype="str")
    for text, broken in rules:
        if broken is not None:
            reason[reason.isna().to_numpy() & broken] = text
    return reason


def _keep_first_n(reason: pd.Series, dollar_volume: pd.Series, first_n: int | None) -> pd.Series:
    if first_n is None:
        return reason
    order = dollar_volume[reason.isna()].sort_values(ascending=False, kind="stable", na_position="last").index
    reason = reason.copy()
    reason[order[first_n:]] = f"not among the first {first_n} by dollar volume"
    return reason


def _size(
    frame: pd.DataFrame,
    share_counts: point_in_time.Filings,
    close: np.ndarray,
    *,
    close_utc: pd.Timestamp,
    sizes: SizeLimits,
) -> pd.Series:
    known = share_counts.known(close_utc).set_index("symbol")["value"]
    value = frame["symbol"].map(known).to_numpy(dtype=float, na_value=np.nan) * close
    volume = frame["dollar_volume_usd"].to_numpy()
    use_value = ~np.isnan(value)
    measure = np.where(use_value, value, volume)
    large = np.where(use_value, sizes.large_cap_usd, sizes.large_dollar_volume_usd)
    middle = np.where(use_value, sizes.mid_cap_usd, sizes.mid_dollar_volume_usd)
    bucket = np.where(measure >= large, "large_cap", np.where(measure >= middle, "mid_cap", "small_cap")).astype(object)
    bucket[np.isnan(measure)] = None
    return pd.Series(bucket, dtype="str")
