"""Generated inputs: small markets with everything a real one does to its bars."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.domain import calendar, prices
from trade_assets.domain.events import bar_features, geometry, models, outcomes
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events.bars import LegBars
from trade_assets_tests.reliability import EXAMPLES, count

FEW = settings(max_examples=max(3, count(EXAMPLES, 100) // 4))  # of inputs that take long to make or to judge
SYMBOLS = tuple(3 * letter for letter in "ABCDEFGHIJKL")
SESSIONS = calendar.sessions_between(pd.Timestamp("2017-01-03"), pd.Timestamp("2019-12-31"))


@dataclass(frozen=True)
class Hazards:
    """How often each thing happens, a share of symbol-sessions; the last two of symbols."""

    gap: float = 0.01
    split: float = 0.01
    dividend: float = 0.02
    delisted: float = 0.3
    no_volume: float = 0.2


CALM = Hazards(0, 0, 0, 0, 0)


def market_bars(
    seed: int, *, sessions: int, symbols: int, hazards: Hazards = Hazards(), first: int = 0
) -> pd.DataFrame:
    """A valid ``bars`` frame: random walks with the given hazards; every session has a bar of the first symbol."""
    rng = np.random.default_rng(seed)
    frames = []
    for i, symbol in enumerate(SYMBOLS[:symbols]):
        split = np.where(rng.random(sessions) < hazards.split, rng.choice([0.5, 1.5, 2.0, 3.0], sessions), 1.0)
        move = np.exp(rng.normal(0.0003, 0.02, sessions))
        close = rng.uniform(5, 200) * np.cumprod(move) / np.cumprod(split)
        dividend = np.where(rng.random(sessions) < hazards.dividend, close * 0.01, 0.0)
        open_ = close * np.exp(rng.normal(0, 0.005, sessions))
        high, low = np.maximum(open_, close) * 1.004, np.minimum(open_, close) * 0.995
        volume = np.round(np.exp(rng.normal(13, 0.5, sessions)))
        kept = np.ones(sessions, dtype=bool)
        for at in np.flatnonzero(rng.random(sessions) < hazards.gap):
            kept[at : at + rng.integers(1, 9)] = False
        if rng.random() < hazards.delisted:
            kept[rng.integers(1, sessions + 1) :] = False
        if i == 0:
            kept[:] = True
        volume = np.where((rng.random() < hazards.no_volume) | (rng.random(sessions) < 0.002), np.nan, volume)
        open_ = np.where(rng.random(sessions) < hazards.gap, np.nan, open_)
        columns = {"open": open_, "high": high, "low": low, "close": close, "volume": volume}
        columns |= {
            "split_ratio": split,
            "dividend": dividend,
            "adjustment_factor": np.nan,
            "price_basis": "raw",
        }
        frame = pd.DataFrame({"session": SESSIONS[first : first + sessions], "symbol": symbol, **columns})
        frames.append(frame[kept])
    return pd.concat(frames, ignore_index=True).sort_values(["session", "symbol"], ignore_index=True)


@st.composite
def bars(draw, *, min_sessions=1, max_sessions=40, max_symbols=4) -> pd.DataFrame:
    """Bars of a few symbols with gaps, splits, dividends, delistings and absent volumes and opens."""
    hazards = Hazards(gap=0.05, split=0.05, dividend=0.05)
    sessions = draw(st.integers(min_sessions, max_sessions))
    symbols = draw(st.integers(1, max_symbols))
    return market_bars(draw(SEEDS), sessions=sessions, symbols=symbols, hazards=hazards)


@st.composite
def panels(draw, **limits) -> prices.Panel:
    """Panels of such bars."""
    return prices.panel(draw(bars(**limits)))


@st.composite
def gross_panels(draw, *, min_sessions=1, max_sessions=60, max_symbols=5) -> np.ndarray:
    """Gross returns of shape (sessions, symbols), with gaps."""
    shape = draw(st.integers(min_sessions, max_sessions)), draw(st.integers(1, max_symbols))
    rng = np.random.default_rng(draw(SEEDS))
    moves = np.exp(rng.normal(0.0005, 0.03, shape))
    return np.where(rng.random(shape) < draw(st.sampled_from([0.0, 0.05, 0.3])), np.nan, moves)


@st.composite
def values(draw, *, max_rows=60, max_columns=4, with_gaps=True) -> np.ndarray:
    """Numbers of shape (rows, columns), of any scale, some missing."""
    shape = draw(st.integers(1, max_rows)), draw(st.integers(1, max_columns))
    rng = np.random.default_rng(draw(SEEDS))
    x = rng.normal(0, 1, shape) * 10.0 ** draw(st.integers(-6, 6))
    return np.where(rng.random(shape) < (draw(st.sampled_from([0.0, 0.03])) if with_gaps else 0.0), np.nan, x)


@st.composite
def weights(draw, size: int) -> np.ndarray:
    """Long-only weights of shape (size,) that sum to at most 1, some of them 0."""
    parts = np.array(draw(st.lists(st.integers(0, 10), min_size=size, max_size=size)), dtype=float)
    return parts / max(parts.sum(), 1.0) * draw(st.sampled_from([1.0, 0.6, 0.2]))


@st.composite
def scores(draw, *, min_size=0, max_size=30) -> pd.Series:
    """Scores by symbol, many of them tied, some missing, in no order."""
    size = draw(st.integers(min_size, max_size))
    levels = draw(st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 2.0, np.nan]), min_size=size, max_size=size))
    names = draw(st.permutations([f"S{i:02d}" for i in range(size)]))
    return pd.Series(levels, index=pd.Index(names, dtype="str"), dtype=float)


@st.composite
def sectors(draw, symbols: pd.Index) -> pd.Series:
    """A sector by symbol, null where unknown."""
    size = len(symbols)
    names = draw(st.lists(st.sampled_from(["Energy", "Health", "Tech", None]), min_size=size, max_size=size))
    return pd.Series(names, index=symbols, dtype="str")


SEEDS = st.integers(0, 2**32 - 1)


FACTS = (
    "assets",
    "cash",
    "cash_flow_op",
    "eps_diluted",
    "equity",
    "net_income",
    "quality",
    "revenues",
    "shares_outstanding",
)
QUARTER_ENDS = pd.date_range("2015-03-31", "2018-12-31", freq="QE").as_unit("us")


def filed_facts(seed: int, *, symbols: int, amended: float = 0.3) -> pd.DataFrame:
    """Quarterly and annual figures of some facts, filed 10 to 80 days late, some amended later on."""
    rng = np.random.default_rng(seed)
    rows = []
    for symbol in SYMBOLS[:symbols]:
        for fact in rng.permutation(FACTS)[: rng.integers(1, len(FACTS) + 1)]:
            for end in QUARTER_ENDS[rng.random(len(QUARTER_ENDS)) < 0.9]:
                focus = "FY" if end.month == 12 else f"Q{end.month // 3}"
                filed = end + pd.Timedelta(days=int(rng.integers(10, 80)), hours=21, minutes=30)
                for amendment in range(1 + (rng.random() < amended)):
                    at = filed + pd.Timedelta(days=int(amendment * rng.integers(1, 300)))
                    rows.append(
                        (
                            symbol,
                            fact,
                            end,
                            focus,
                            at,
                            round(float(rng.normal(50, 30)), 2),
                            "filed" if rng.random() < 0.8 else "assumed",
                        )
                    )
    names = ["symbol", "fact", "period_end", "period_focus", "available_utc", "value", "availability"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(available_utc=frame["available_utc"].dt.tz_localize("UTC").dt.as_unit("us"))


LEGS = ("QQQ", "SPY")


def leg_market(
    seed: int,
    *,
    sessions: int,
    legs: tuple[str, ...] = LEGS,
    minutes: int | None = None,
    missing: float = 0.0,
    volatility: float = 0.01,
    trend: float = 0.0,
) -> LegBars:
    """Bars of the index legs: random walks with gaps at the open; ``missing`` is the share of bars that are not there.

    Where bars are missing, some opens are too, stretches of 7 to 12 bars end whatever is held, and some sessions
    split or pay.
    """
    rng, days = np.random.default_rng(seed), SESSIONS[:sessions]
    of = bars_domain.grid(days, minutes=minutes)
    n, first = len(of), (of["bar"] == 0).to_numpy()
    frames, actions = [], []
    for leg in legs:
        opened = rng.normal(0, volatility / 2, n)
        split = np.where(first & (rng.random(n) < missing / 4), 2.0, 1.0)
        close = 100 * np.exp(np.cumsum(rng.normal(trend, volatility, n))) / np.cumprod(split)
        high, low = np.maximum(opened, 0.0), np.minimum(opened, 0.0)
        high, low = (x + s * np.abs(rng.normal(0, volatility / 2, n)) for x, s in ((high, 1), (low, -1)))
        kept = rng.random(n) >= missing
        if missing and rng.random() < 0.5:
            at = rng.integers(0, n)
            kept[at : at + rng.integers(7, 13)] = False
        prices = {name: close * np.exp(x) for name, x in (("open", opened), ("high", high), ("low", low))}
        prices["open"] = np.where(rng.random(n) < missing / 2, np.nan, prices["open"])
        volume = np.exp(rng.normal(10, 0.3, n))
        keys = {"bar_end_utc": of["bar_end_utc"], "session": of["session"], "symbol": leg}
        frames.append(pd.DataFrame({**keys, **prices, "close": close, "volume": volume})[kept])
        dividend = np.where(rng.random(len(days)) < missing / 4, 0.2, 0.0)
        own = {"session": days, "symbol": leg, "split_ratio": split[first], "dividend": dividend}
        actions.append(pd.DataFrame({**own, "adjustment_factor": np.nan, "price_basis": "raw"}))
    return bars_domain.leg_bars(pd.concat(frames, ignore_index=True), pd.concat(actions), of, list(legs))


def leg_dates(sessions: int, *, every: int = 5) -> calendar.Rebalances:
    """Every so many sessions of a :func:`leg_market` a rebalance date."""
    return calendar.rebalances(SESSIONS[0], SESSIONS[0], SESSIONS[sessions - 1], every=every)


def leg_candidates(seed: int, market: LegBars, *, share: float = 0.3, most: float = 1.0) -> pd.DataFrame:
    """Events of random bars, sides and sizes, with their barriers and costs; none is refused by a gate."""
    rng, parts = np.random.default_rng(seed), []
    for leg in market.symbols:
        for side in (1, -1):
            at = np.flatnonzero(rng.random(len(market.grid)) < share / 2)
            n, t_idx = len(at), market.grid["t_idx"].to_numpy()[at]
            numbers = {
                "size_frac": rng.uniform(0.01, most, n),
                "a_tp": rng.uniform(0.005, 0.05, n),
                "b_sl": rng.uniform(0.005, 0.05, n),
                "cost_rt": rng.uniform(0.0, 0.002, n),
            }
            keys = {"t_idx": t_idx, "decision_utc": market.grid["bar_end_utc"].array[at], "symbol": leg, "side": side}
            parts.append(pd.DataFrame({**keys, **numbers, "block": pd.Series([None] * n, dtype=object)}))
    table = pd.concat(parts, ignore_index=True).sort_values("t_idx", kind="stable", ignore_index=True)
    first = pd.DatetimeIndex(market.grid["bar_end_utc"])[0]
    return table.assign(entry_idx=table["t_idx"] + 1, entry_utc=first)


def leg_events(seed: int, market: LegBars, *, share: float = 0.3) -> pd.DataFrame:
    """What scores, sizes and gates read of events at random bars."""
    rng, made = np.random.default_rng(seed + 1), leg_candidates(seed, market, share=share)
    made = made.drop(columns=["size_frac", "block"])
    return made.assign(
        rebalance_date=made["decision_utc"].dt.tz_localize(None).dt.normalize(),
        volatility=rng.uniform(0.005, 0.02, len(made)),
        entry_overnight=rng.random(len(made)) < 0.5,
        tp_to_cost=made["a_tp"] / made["cost_rt"],
    )


def event_history(seed: int, *, sessions: int = 721, every: int = 10) -> tuple[LegBars, calendar.Rebalances, tuple]:
    """Bars of two legs, their rebalance dates, and the events, outcomes and features found on them, both sides."""
    market, dates = leg_market(seed, sessions=sessions), leg_dates(sessions, every=every)
    none = schemas.TABLES["bar_features"].empty()
    inputs, how = bar_features.Inputs(market, 21, True), {"grid_dates": dates, "last": 27, "cusum_volatilities": 1.0}
    found = pd.concat(bar_features.by_leg(inputs, dates, none, **how), ignore_index=True)
    made = geometry.events(
        found[found["cusum_direction"] != 0],
        bars_domain.grid(SESSIONS[: sessions + 20], minutes=None),
        sides=(1, -1),
        barriers=geometry.Barriers(1.0, 1.0, 5),
        costs=geometry.EventCosts(1.0, 1.0, 0.02, 1.0),
        enters_at_open=True,
    )
    fills = {"horizon_bars": 5, "enters_at_open": True, "opens_are_real": True}
    ended = pd.concat(outcomes.outcomes(made, market, dates.sessions(), **fills), ignore_index=True)
    return market, dates, (made, ended, models.features_of(made, found))
