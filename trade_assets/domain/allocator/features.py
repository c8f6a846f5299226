"""What is known at each close of the two sleeves, of the engine's confidence, and of the market.

Windows are exact, so a row is the same whatever session the rows at hand begin with. A feature is absent (NaN)
while its window is not full or what it measures has not happened.
"""

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from trade_assets.domain import windows
from trade_assets.domain.allocator.confidence import CONFIDENCE, DRIFT
from trade_assets.domain.allocator.legs import ROLES, Legs
from trade_assets.domain.prices import Panel

QUARTER = 63  # sessions

SLEEVE = (
    *(f"return_{n}" for n in (1, 5, 21, 63)),
    *(f"volatility_{n}" for n in (5, 21, 63)),
    *(f"downside_{n}" for n in (5, 21, 63)),
    "max_drawdown_63", "sessions_since_trough_63", "recovery_63", "hit_rate_63", "payoff_ratio_63", "position",
)  # fmt: skip
PAIR = ("sleeve_correlation_63", "sleeve_spread_21", "sleeve_spread_63")
INDEX = ("index_trend_200", "index_slope_63", "index_volatility_21")
REGIME = ("index_correlation_21", "index_correlation_spread", "index_spread_21", "index_spread_63")
FEATURES = (
    *(f"{role}_{name}" for role in ROLES for name in (*SLEEVE, *CONFIDENCE, *INDEX)),
    *PAIR, *REGIME, *DRIFT,
)  # fmt: skip


def of_sleeves(legs: Legs) -> pd.DataFrame:
    """Return, risk, recovery, hits and positions of the sleeves, and how they move together.

    Returns
    -------
    DataFrame
        ``session`` and ``{leg}_{name}`` for the names of ``SLEEVE``, and ``PAIR``. Returns are compounded; volatility
        and downside deviation are of a session; the drawdown is a size. *Recovery* is what was regained since
        the deepest point of the quarter, per session since; hits are sessions with a gain among those with a gain
        or a loss, the payoff ratio is the mean gain over the mean loss.
    """
    returns = legs.gross - 1.0
    falls, gains = np.minimum(returns, 0.0), np.maximum(returns, 0.0)
    columns = {f"return_{n}": windows.product(legs.gross, n) - 1.0 for n in (1, 5, 21, 63)}
    columns |= {f"volatility_{n}": windows.std(returns, n) for n in (5, 21, 63)}
    columns |= {f"downside_{n}": np.sqrt(windows.mean(falls * falls, n)) for n in (5, 21, 63)}
    columns |= _recovery(legs.gross)
    hits, misses = (windows.total(np.where(side, 1.0, 0.0), QUARTER) for side in (returns > 0, returns < 0))
    with np.errstate(invalid="ignore", divide="ignore"):
        columns["hit_rate_63"] = hits / (hits + misses)
        mean_gain, mean_loss = windows.total(gains, QUARTER) / hits, -windows.total(falls, QUARTER) / misses
        columns["payoff_ratio_63"] = np.where((hits > 0) & (misses > 0), mean_gain / mean_loss, np.nan)
    columns["position"] = legs.position
    correlation = windows.correlation(legs.gross[:, [0, 0]], legs.gross[:, [1, 1]], QUARTER)[:, 0]
    pair = {"sleeve_correlation_63": correlation}
    pair |= {f"sleeve_spread_{n}": columns[f"return_{n}"][:, 0] - columns[f"return_{n}"][:, 1] for n in (21, 63)}
    return _by_role(legs.sessions, columns, pair)


def of_market(panel: Panel, symbols: tuple[str | None, str | None]) -> pd.DataFrame:
    """Trend, slope, volatility and correlation of the indices behind the legs, from their daily bars.

    Returns
    -------
    DataFrame
        ``session``, ``{leg}_{name}`` for the names of ``INDEX``, and ``REGIME``. *Trend* is the distance to the
        200-session mean, *slope* the quarter's log return in its own volatilities, the *correlation spread* that
        of 21 less that of 63 sessions.
    """
    gross = np.full((len(panel.sessions), 2), np.nan)
    for place, symbol in enumerate(symbols):
        if symbol is not None and symbol in panel.symbols:
            gross[:, place] = panel.gross[:, panel.columns([symbol])[0]]
    log = np.log(gross)
    total = {n: windows.total(log, n) for n in (21, QUARTER)}
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = total[QUARTER] / (windows.std(log, QUARTER) * np.sqrt(QUARTER))
    columns = {
        "index_trend_200": 1 / windows.level_mean(gross, 200) - 1,
        "index_slope_63": np.where(np.isfinite(slope), slope, np.nan),
        "index_volatility_21": windows.std(log, 21),
    }
    correlation = {n: windows.correlation(log[:, [0, 0]], log[:, [1, 1]], n)[:, 0] for n in (21, QUARTER)}
    regime = {
        "index_correlation_21": correlation[21],
        "index_correlation_spread": correlation[21] - correlation[QUARTER],
        **{f"index_spread_{n}": total[n][:, 0] - total[n][:, 1] for n in (21, QUARTER)},
    }
    return _by_role(panel.sessions, columns, regime)


def assemble(sessions: pd.DataFrame, *parts: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``allocator_features`` for ``sessions`` (``rebalance_date, session``), from the parts by session."""
    rows = sessions[["rebalance_date", "session"]]
    for part in parts:
        rows = rows.merge(part, on="session", how="left", validate="one_to_one")
    return rows[["rebalance_date", "session", *FEATURES]]


def _recovery(gross: np.ndarray) -> dict[str, np.ndarray]:
    """Largest drawdown of the quarter, sessions since its deepest point, and what was regained per session since."""
    told = {
        name: np.full(gross.shape, np.nan) for name in ("max_drawdown_63", "sessions_since_trough_63", "recovery_63")
    }
    if len(gross) < QUARTER:
        return told
    for leg in range(gross.shape[1]):
        steps = sliding_window_view(gross[:, leg], QUARTER)
        levels = np.cumprod(np.concatenate([np.ones((len(steps), 1)), steps], axis=1), axis=1)
        falls = 1.0 - levels / np.maximum.accumulate(levels, axis=1)
        deepest = QUARTER - np.argmax(falls[:, ::-1], axis=1)  # the latest of equals
        since = QUARTER - deepest
        low = np.take_along_axis(levels, deepest[:, None], axis=1)[:, 0]
        regained = (levels[:, -1] / low - 1.0) / np.maximum(since, 1)
        for name, values in zip(told, (falls.max(axis=1), since, regained), strict=True):
            told[name][QUARTER - 1 :, leg] = values
    return told


def _by_role(sessions: pd.DatetimeIndex, columns: dict[str, np.ndarray], alone: dict[str, np.ndarray]) -> pd.DataFrame:
    of_legs = {
        f"{role}_{name}": values[:, place] for place, role in enumerate(ROLES) for name, values in columns.items()
    }
    return pd.DataFrame({"session": sessions, **of_legs, **alone})
