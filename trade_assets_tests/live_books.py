"""Live books in a few lines: rows, wishes, quotes and entries of one strategy, and the numbers it trades by."""

from dataclasses import replace

import numpy as np
import pandas as pd

from trade_assets.domain import costs, prices, trades
from trade_assets.domain.live import book as books
from trade_assets.domain.live import day, kill_switch, orders, safety
from trade_assets.domain.live import run as live_run
from trade_assets.domain.live.entries import Entry
from trade_assets_tests import reference
from trade_assets_tests.generators import SESSIONS, SYMBOLS

EQUITY, PRICE, VOLUME = 100_000.0, 10.0, 1e9
RATES = costs.Rates(1.0, 2.0, 0.0)
POLICY = trades.Policy(0.0, 0.0, 0.01, 1e9, whole_shares=False, rates=RATES)
TERMS = orders.Terms(POLICY, rebalance_threshold=0.05, single_trade_max=9.0, max_volume_frac=0.05)
LIMITS = safety.Limits(
    max_position_frac=0.15, max_sector_weight=0.30, max_turnover=0.40, single_trade_warn=0.10, single_trade_max=0.15,
    max_cost_frac=0.005, max_daily_trades=50, max_missing_frac=0.5,
    max_bucket_weight={"large_cap": 1.0, "mid_cap": 0.25, "small_cap": 0.05}, min_large_cap_weight=0.30,
)  # fmt: skip
SWITCH = kill_switch.Limits(True, 0.03, 0.20, 0.5, 6, 0.99, 252)
STRATEGY = day.Strategy("stocks", TERMS, LIMITS, SWITCH)
BY_HAND = day.Broker(is_paper=False, fill="next_close", cash_return_frac=0.0)


def held_rows(weights, *, base=None, equity=EQUITY, session=SESSIONS[0], strategy="stocks"):
    """Rows of a book that holds these weights at ``PRICE``, the rest in cash."""
    base = weights if base is None else base
    cash = equity * (1 - sum(weights.values()))
    rows = [(session, strategy, s, w * equity / PRICE, PRICE, w * equity, w, base[s], PRICE, *4 * [0.0], False) for s, w in weights.items()]  # fmt: skip
    rows.append((session, strategy, "CASH", cash, 1.0, cash, 1 - sum(weights.values()), 0.0, 1.0, *4 * [0.0], False))
    return pd.DataFrame(rows, columns=books.COLUMNS)


def wished(weights, *, is_decided=True, may_increase=True, sector=None, size_bucket=None):
    """What is wanted: weights by symbol, with sectors and sizes by symbol where given."""
    symbols = pd.Series(list(weights), dtype="str")
    return pd.DataFrame(
        {
            "symbol": symbols,
            "target_weight": np.array(list(weights.values()), dtype=float),
            "may_increase": may_increase,
            "is_decided": is_decided,
            "sector": symbols.map(sector or {}).astype("str").where(symbols.isin(sector or {})),
            "size_bucket": symbols.map(size_bucket or {}).astype("str").where(symbols.isin(size_bucket or {})),
        }
    )


def quoted(symbols=SYMBOLS, *, price=PRICE, volume=VOLUME):
    """Quotes of every symbol; a mapping gives one symbol its own."""
    price, volume = (v if isinstance(v, dict) else dict.fromkeys(symbols, v) for v in (price, volume))
    return trades.Quotes(pd.Series(price, dtype=float), pd.Series(dict.fromkeys(symbols, 0.01)), pd.Series(volume))


def propose(held, wanted, quotes=None, terms=TERMS, **changes):
    """The orders of a book of these weights, by symbol."""
    rows = held if isinstance(held, pd.DataFrame) else held_rows(held)
    wanted = wanted if isinstance(wanted, pd.DataFrame) else wished(wanted)
    return orders.propose(rows, wanted, quotes or quoted(), replace(terms, **changes))


def entry(name, kind, session, recorded_utc=None, **content):
    """An entry of the stocks, recorded one hour before midnight of its session where no instant is given."""
    at = session.tz_localize("UTC") + pd.Timedelta(hours=23) if recorded_utc is None else recorded_utc
    return Entry(name, kind, session, at, **{"strategy": "stocks", "actor": "a person", **content})


def at_night(session):
    """What a session knows where its day is computed half an hour before midnight."""
    return session.tz_localize("UTC") + pd.Timedelta(hours=23, minutes=30)


def bars_of(closes, symbol="AAA", *, first=0):
    """Bars of one symbol that closes at these prices."""
    closes = np.asarray(closes, dtype=float)
    columns = dict.fromkeys(("open", "high", "low", "close"), closes)
    return pd.DataFrame({"session": SESSIONS[first : first + len(closes)], "symbol": symbol, **columns, "volume": 1e6,
                         "split_ratio": 1.0, "dividend": 0.0, "adjustment_factor": np.nan, "price_basis": "raw"})  # fmt: skip


def play(journal, bars, sessions, previous=None, *, signals=None, **changes):
    """Rows of the live book of ``sessions``, with nobody to approve, and nothing wanted unless ``signals`` say so."""
    previous = pd.DataFrame(columns=books.COLUMNS) if previous is None else previous
    nothing = wished({}).assign(session=pd.Series(dtype="datetime64[us]"), strategy=pd.Series(dtype="str"))
    signals = nothing if signals is None else signals
    how = {
        "strategies": [STRATEGY],
        "broker": BY_HAND,
        "inputs": {s: day.Inputs((), float("nan")) for s in sessions},
        "places_orders": False,
    }
    return live_run.run(sessions, previous, signals, prices.panel(bars), journal, **how | changes)


def happenings(seed, bars, sessions):
    """Entries by the session they become known in: money, renames, shares and fills, some of them of sessions before."""
    rng, rows = np.random.default_rng(seed), {(r.session, r.symbol): r for r in bars.itertuples()}
    names, news = [*sorted(bars["symbol"].unique()), "YYY"], {s: [] for s in sessions}
    for at, session in enumerate(sessions):
        own, name = news[session], f"{session.date()} {{}}"
        if at == 0 or rng.random() < 0.2:
            own.append(entry(name.format("cash"), "deposit", session, amount_usd=float(rng.normal(50_000, 40_000))))
        if rng.random() < 0.15:
            old, to = rng.choice(names, 2, replace=False)
            how = {"shares": float(rng.choice([1.0, 0.5, 2.5])), "amount_usd": float(rng.choice([0.0, 3.5]))}
            own.append(
                entry(name.format("name"), "rename", session, symbol=old, detail={"to": rng.choice(["", to])}, **how)
            )
        for kind, place in [
            (k, p) for k in ("position", "execution") for p in np.flatnonzero(rng.random(len(names)) < 0.15)
        ]:
            symbol, of = names[place], sessions[max(0, at - int(rng.integers(0, 4)))]
            split = np.prod([rows[s, symbol].split_ratio for s in sessions[: at + 1] if s > of and (s, symbol) in rows])
            held = list(reference.live_book(sessions[: at + 1], rows, news))[-1][1].get(symbol)
            shares = float(rng.integers(1, 300))
            if held is not None and rng.random() < 0.5:
                shares = -held[0] * rng.choice([1.0, 0.5]) / split
            price = float(np.round(rng.uniform(1, 200), 2))
            usd = {"amount_usd": shares * price, "cost_usd": float(rng.uniform(0, 5))} if kind == "execution" else {}
            own.append(entry(name.format(len(own)), kind, of, symbol=symbol, shares=shares, price_usd=price, **usd))
    return news
