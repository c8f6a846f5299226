"""What became of events equals the loop, is told once, when it is known, and is each leg's own affair."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.domain import calendar
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events import outcomes
from trade_assets_tests import intraday, reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS

DATES = calendar.rebalances(pd.Timestamp("2024-06-24"), pd.Timestamp("2024-06-24"), pd.Timestamp("2024-07-15"), every=3)
DAYS = calendar.sessions_between(DATES.dates[0], DATES.dates[-1])
GRID = bars_domain.grid(DAYS, minutes=60, first_idx=40)


def legs_of(bars, daily, of=GRID):
    session = of.set_index("bar_end_utc")["session"].reindex(bars["bar_end_utc"]).to_numpy()
    held = bars.assign(session=session)[~np.isnat(session)]
    return bars_domain.leg_bars(held, daily, of, list(intraday.LEGS))


@st.composite
def cases(draw):
    """Events of two legs on both sides, bars with gaps and actions, and how the trades are filled."""
    rng = np.random.default_rng(draw(SEEDS))
    bars, daily = intraday.market(
        draw(SEEDS), DAYS, minutes=60, missing=draw(st.sampled_from([0.0, 0.1, 0.5])),
        splits={("2024-07-01", "QQQ"): 2.0}, dividends={("2024-07-08", "SPY"): 1.5},
    )  # fmt: skip
    n = draw(st.integers(1, 14))
    at, symbol = rng.integers(0, len(GRID), n), rng.choice(intraday.LEGS, n)
    rows = pd.DataFrame({"at": at, "symbol": symbol, "side": rng.choice([-1, 1], n)}).drop_duplicates()
    rows = rows.sort_values(["at", "symbol", "side"], ignore_index=True)
    at = rows["at"].to_numpy()
    instants = pd.DatetimeIndex([*GRID["bar_end_utc"], GRID["bar_end_utc"].iloc[-1] + pd.Timedelta(hours=1)])
    events = pd.DataFrame(
        {
            "decision_utc": instants[at], "symbol": rows["symbol"].astype("str"), "side": rows["side"],
            "t_idx": 40 + at, "entry_idx": 41 + at, "entry_utc": instants[at + 1],
            "a_tp": rng.uniform(0.002, 0.02, len(at)), "b_sl": rng.uniform(0.002, 0.02, len(at)),
            "cost_rt": rng.uniform(0.0, 0.002, len(at)),
        }
    )  # fmt: skip
    at_open = draw(st.booleans())
    how = {"horizon_bars": draw(st.integers(1, 9)), "enters_at_open": at_open, "opens_are_real": at_open}
    return events, bars, daily, how


def table(events, legs, how, dates=DATES):
    whole = schemas.concat("event_outcomes", outcomes.outcomes(events, legs, dates.sessions(), **how))
    return whole[list(schemas.TABLES["event_outcomes"].columns)].sort_values(
        ["decision_utc", "symbol", "side"], ignore_index=True
    )


def loop(events, legs, how):
    """``{(decision, symbol, side): (exit bar, what ended it, level)}``, one event after the other."""
    ended = {}
    for row in events.itertuples():
        leg = legs.symbols.index(row.symbol)
        path, entry = legs.path(row.symbol), row.entry_idx - 40
        bars = list(zip(path.log_return.tolist(), path.log_open.tolist(), path.log_high.tolist(), path.log_low.tolist(), strict=True))  # fmt: skip
        if entry < len(bars) and math.isnan(legs.panel.close[entry, leg]):
            touch = entry, "unfilled", math.nan
        else:
            touch = reference.first_touch(bars, entry=entry, side=row.side, target=row.a_tp, stop=row.b_sl, **how)
        ended[row.decision_utc, row.symbol, row.side] = touch
    return ended


@FEW
@given(case=cases())
def test_equals_the_loop(case):
    events, bars, daily, how = case
    legs = legs_of(bars, daily)
    ended, found = loop(events, legs, how), table(events, legs, how)
    known = {key: touch for key, touch in ended.items() if touch[1] != "unresolved"}
    assert [(r.decision_utc, r.symbol, r.side) for r in found.itertuples()] == list(known)
    rows = events.set_index(["decision_utc", "symbol", "side"])
    for row in found.itertuples():
        key = (row.decision_utc, row.symbol, row.side)
        bar, barrier, level = known[key]
        assert (row.barrier, row.label_end_idx) == (barrier, 40 + bar)
        assert row.label_end_utc == GRID["bar_end_utc"][bar]
        assert row.entry_utc == rows["entry_utc"][key]
        assert row.rebalance_date == DATES.dates[DATES.dates.searchsorted(GRID["session"][bar])]
        if barrier == "unfilled":
            assert np.isnan([row.gross_logret, row.net_logret, row.y, row.uniqueness]).all()
            continue
        assert row.gross_logret == level
        assert row.net_logret == level - rows["cost_rt"][key]
        assert row.y == float(level - rows["cost_rt"][key] > 0)
        spans = [
            (k, rows["entry_idx"][k] - 40, len(GRID) if t[1] == "unresolved" else t[0])
            for k, t in ended.items()
            if k[1:] == key[1:] and t[1] != "unfilled" and rows["entry_idx"][k] - 40 < len(GRID)
        ]
        shares = reference.average_uniqueness([s[1] for s in spans], [s[2] for s in spans])
        assert row.uniqueness == shares[[s[0] for s in spans].index(key)]


@FEW
@given(case=cases())
def test_keys_one_by_one_with_nothing_later_give_the_bytes_of_the_range(case):
    events, bars, daily, how = case
    parts = []
    for at in range(len(DATES)):
        dates = DATES.between(DATES.dates[at], DATES.dates[at])
        of = GRID[GRID["session"] <= dates.dates[-1]]
        held = bars[bars["bar_end_utc"] <= of["bar_end_utc"].iloc[-1]]
        known = events[events["decision_utc"] <= of["bar_end_utc"].iloc[-1]]
        parts.append(table(known, legs_of(held, daily[daily["session"] <= dates.dates[-1]], of), how, dates))
    joined = pd.concat(parts).sort_values(["decision_utc", "symbol", "side"], ignore_index=True)
    assert_same_bytes(joined, table(events, legs_of(bars, daily), how))
    closes = calendar.close_utc(pd.DatetimeIndex(joined["rebalance_date"]))
    assert (joined["label_end_utc"] <= closes).all()


@FEW
@given(case=cases(), other=SEEDS)
def test_the_bars_and_events_of_one_leg_change_nothing_of_another(case, other):
    events, bars, daily, how = case
    found = table(events, legs_of(bars, daily), how)
    changed, actions = intraday.market(other, DAYS, minutes=60, missing=0.3)
    mixed = [
        pd.concat([a[a["symbol"] == "QQQ"], b[b["symbol"] == "SPY"]]) for a, b in ((bars, changed), (daily, actions))
    ]
    beside = table(events[events["symbol"] == "QQQ"], legs_of(*mixed), how)
    assert_same_bytes(beside, found[found["symbol"] == "QQQ"].reset_index(drop=True))


@FEW
@given(case=cases(), shuffle=SEEDS, first=st.integers(0, 30))
def test_the_order_of_events_and_where_the_grid_begins_change_no_byte(case, shuffle, first):
    events, bars, daily, how = case
    found = table(events, legs_of(bars, daily), how)
    assert_same_bytes(table(events.sample(frac=1, random_state=shuffle), legs_of(bars, daily), how), found)
    if bars["bar_end_utc"].nunique() < len(GRID):
        return  # a bar may make up for missing ones before it
    of = GRID.iloc[first:]
    late = events[events["entry_idx"] > 40 + first]
    late_found = table(late, legs_of(bars[bars["bar_end_utc"].isin(of["bar_end_utc"])], daily, of), how)
    told = ["barrier", "label_end_utc", "gross_logret", "net_logret", "y"]
    keys = late.set_index(["decision_utc", "symbol", "side"]).index
    rows = found[found.set_index(["decision_utc", "symbol", "side"]).index.isin(keys)].reset_index(drop=True)
    assert_same_bytes(late_found[told], rows[told])


@pytest.mark.parametrize("at_open", [True, False])
@pytest.mark.parametrize("absent", ["bar", "open"])
def test_an_event_whose_entry_bar_is_missing_is_unfilled_and_counts_beside_no_other(at_open, absent):
    bars, daily = intraday.market(3, DAYS, minutes=60)
    gone = (bars["symbol"] == "QQQ") & (bars["bar_end_utc"] == GRID["bar_end_utc"][11])
    bars = bars[~gone] if absent == "bar" else bars.assign(open=bars["open"].where(~gone))
    events = pd.DataFrame(
        {
            "decision_utc": GRID["bar_end_utc"][[8, 10]].array, "symbol": "QQQ", "side": 1, "t_idx": [48, 50],
            "entry_idx": [49, 51], "entry_utc": GRID["bar_end_utc"][[9, 11]].array,
            "a_tp": 0.5, "b_sl": 0.5, "cost_rt": 0.001,
        }
    )  # fmt: skip
    found = table(
        events, legs_of(bars, daily), {"horizon_bars": 6, "enters_at_open": at_open, "opens_are_real": at_open}
    )
    is_unfilled = at_open or absent == "bar"
    assert found["barrier"].tolist() == ["time", "unfilled" if is_unfilled else "time"]
    assert (found["uniqueness"][0] == 1) == is_unfilled
    if is_unfilled:
        assert found["label_end_idx"][1] == 51
        assert found.loc[1, ["gross_logret", "net_logret", "y", "uniqueness"]].isna().all()


def test_a_leg_that_leaves_the_data_ends_its_events_at_the_last_level():
    bars, daily = intraday.market(3, DAYS, minutes=60)
    gone = (bars["symbol"] == "QQQ") & (bars["bar_end_utc"] > GRID["bar_end_utc"][12])
    events = pd.DataFrame(
        {
            "decision_utc": GRID["bar_end_utc"][[8]].array, "symbol": "QQQ", "side": 1, "t_idx": 48, "entry_idx": 49,
            "entry_utc": GRID["bar_end_utc"][[9]].array, "a_tp": 0.5, "b_sl": 0.5, "cost_rt": 0.001,
        }
    )  # fmt: skip
    legs = legs_of(bars[~gone], daily)
    row = table(events, legs, {"horizon_bars": 30, "enters_at_open": False, "opens_are_real": False}).iloc[0]
    close = bars[bars["symbol"] == "QQQ"].set_index("bar_end_utc")["close"].reindex(GRID["bar_end_utc"]).to_numpy()
    assert (row["barrier"], row["label_end_idx"]) == ("gap", 40 + 12 + 5 + 1)  # five missing bars carry
    assert row["gross_logret"] == pytest.approx(math.log(close[12] / close[9]), rel=1e-12)


def test_no_events_have_no_outcomes():
    bars, daily = intraday.market(3, DAYS, minutes=60)
    none = pd.DataFrame({"symbol": pd.Series(dtype="str")})
    how = {"horizon_bars": 3, "enters_at_open": True, "opens_are_real": True}
    assert outcomes.outcomes(none, legs_of(bars, daily), DATES.sessions(), **how) == []
