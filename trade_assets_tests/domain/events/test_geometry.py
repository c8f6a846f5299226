"""What a trade would look like: its costs by hand, its instants by the calendar, its last bar that of the barriers."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain.events import barriers, geometry
from trade_assets.domain.events import bars as bars_domain
from trade_assets_tests import intraday
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS

COSTS = geometry.EventCosts(commission_bps=1.0, half_spread_bps=2.0, slippage=0.05, overnight_bps=4.0)
FILLS = pytest.mark.parametrize("enters_at_open", [True, False])


def found(of, at, *, volatility=0.01, symbol="QQQ"):
    """Events at rows ``at`` of a grid, as ``bar_features`` names them."""
    rows = of.iloc[at]
    return pd.DataFrame(
        {
            "rebalance_date": rows["session"].to_numpy(), "bar_end_utc": rows["bar_end_utc"].array, "symbol": symbol,
            "session": rows["session"].to_numpy(), "t_idx": rows["t_idx"].to_numpy(),
            "cusum_direction": 1, "volatility": volatility,
        }
    )  # fmt: skip


def events(rows, of, *, sides=(1,), horizon_bars=3, enters_at_open=False, costs=COSTS):
    return geometry.events(
        rows, of, sides=sides, barriers=geometry.Barriers(2.0, 1.5, horizon_bars), costs=costs, enters_at_open=enters_at_open
    )  # fmt: skip


def test_a_round_trip_pays_both_sides_and_one_night():
    found = COSTS.round_trip(np.array([0.01, 0.01, 0.0]), np.array([False, True, False]))
    # two sides of 1 + 2 basis points, a twentieth of the volatility on each, 4 basis points for the night
    assert found.tolist() == pytest.approx([0.0006 + 0.001, 0.0006 + 0.001 + 0.0004, 0.0006], rel=1e-14)


@pytest.mark.parametrize(
    ("minutes", "event", "horizon_bars", "enters_at_open", "entry", "last", "entry_overnight", "pays_overnight"),
    [
        # within a day; the last bar is the 3rd held, or the 3rd after the fill
        (60, "2024-07-02 14:30", 3, True, "2024-07-02 14:30", "2024-07-02 17:30", False, False),
        (60, "2024-07-02 14:30", 3, False, "2024-07-02 15:30", "2024-07-02 18:30", False, False),
        # the last hour of the day: filled the next morning, which closes early
        (60, "2024-07-02 20:00", 4, True, "2024-07-03 13:30", "2024-07-03 17:00", True, False),
        (60, "2024-07-02 20:00", 4, False, "2024-07-03 14:30", "2024-07-05 14:30", True, True),
        # the last bar of an early close, then a holiday
        (60, "2024-07-03 17:00", 1, True, "2024-07-05 13:30", "2024-07-05 14:30", True, False),
        # decided and filled before the close, held over it
        (60, "2024-07-02 19:30", 2, False, "2024-07-02 20:00", "2024-07-03 15:30", False, True),
        # a weekend that changes the clock
        (60, "2024-03-08 21:00", 2, True, "2024-03-11 13:30", "2024-03-11 15:30", True, False),
        (60, "2024-11-01 20:00", 7, False, "2024-11-04 15:30", "2024-11-05 15:30", True, True),
        # the special closure
        (390, "2025-01-08 21:00", 1, True, "2025-01-10 14:30", "2025-01-10 21:00", True, False),
        # a bar a session: every entry lies overnight; one bar from open to close pays for no night
        (None, "2024-07-02 20:00", 1, True, "2024-07-03 13:30", "2024-07-03 17:00", True, False),
        (None, "2024-07-02 20:00", 2, True, "2024-07-03 13:30", "2024-07-05 20:00", True, True),
        (None, "2024-07-02 20:00", 1, False, "2024-07-03 17:00", "2024-07-05 20:00", True, True),
        (None, "2024-11-27 21:00", 1, True, "2024-11-29 14:30", "2024-11-29 18:00", True, False),
    ],
)
def test_instants_come_from_the_calendar(
    minutes, event, horizon_bars, enters_at_open, entry, last, entry_overnight, pays_overnight
):
    day = pd.Timestamp(event[:10])
    of = bars_domain.grid(intraday.sessions(str(day - pd.Timedelta(days=3)), str(day + pd.Timedelta(days=9))), minutes=minutes, first_idx=90)  # fmt: skip
    at = int(np.flatnonzero(of["bar_end_utc"] == pd.Timestamp(event, tz="UTC"))[0])
    row = events(found(of, [at]), of, horizon_bars=horizon_bars, enters_at_open=enters_at_open).iloc[0]
    assert row["decision_utc"] == pd.Timestamp(event, tz="UTC")
    assert row["entry_utc"] == pd.Timestamp(entry, tz="UTC")
    assert row["exit_horizon_utc"] == pd.Timestamp(last, tz="UTC")
    assert row["entry_overnight"] == entry_overnight
    assert row["t_idx"] == 90 + at
    assert row["entry_idx"] == 91 + at
    assert row["cost_rt"] == pytest.approx(0.0016 + 0.0004 * pays_overnight, rel=1e-14)
    assert row["a_tp"] == pytest.approx(2.0 * 0.01 * horizon_bars**0.5, rel=1e-14)
    assert row["b_sl"] == pytest.approx(1.5 * 0.01 * horizon_bars**0.5, rel=1e-14)
    assert row["tp_to_cost"] == row["a_tp"] / row["cost_rt"]


@FILLS
def test_both_sides_are_the_same_trade_seen_from_either_side(enters_at_open):
    of = bars_domain.grid(intraday.sessions("2024-07-01", "2024-07-12"), minutes=60)
    rows = pd.concat([found(of, [9, 3]), found(of, [3], symbol="SPY")])
    both = events(rows, of, sides=(1, -1), enters_at_open=enters_at_open)
    assert both["side"].tolist() == [-1, 1] * 3
    assert list(zip(both["t_idx"], both["symbol"], strict=True)) == [(3, "QQQ")] * 2 + [(3, "SPY")] * 2 + [(9, "QQQ")] * 2  # fmt: skip
    for side in (1, -1):
        own = both[both["side"] == side].reset_index(drop=True)
        assert_same_bytes(own, events(rows, of, sides=(side,), enters_at_open=enters_at_open))
    assert_same_bytes(
        both[both["side"] == 1].drop(columns="side").reset_index(drop=True),
        both[both["side"] == -1].drop(columns="side").reset_index(drop=True),
    )


@st.composite
def cases(draw):
    """A grid, events on it, a horizon it reaches."""
    minutes = draw(st.sampled_from([30, 60, 390, None]))
    of = bars_domain.grid(intraday.sessions("2024-10-28", "2024-12-06"), minutes=minutes, first_idx=draw(st.integers(0, 999)))  # fmt: skip
    horizon_bars = draw(st.integers(1, 12))
    last = len(of) - horizon_bars - 2
    at = sorted(draw(st.sets(st.integers(0, last), min_size=1, max_size=6)))
    return of, at, horizon_bars, draw(st.booleans())


@FEW
@given(case=cases(), seed=SEEDS)
def test_an_event_nothing_touches_ends_at_its_horizon(case, seed):
    of, at, horizon_bars, enters_at_open = case
    rows = events(found(of, at), of, sides=(1, -1), horizon_bars=horizon_bars, enters_at_open=enters_at_open)
    moves = np.random.default_rng(seed).normal(0, 1e-6, (4, len(of)))
    touches = barriers.first_touch(
        barriers.Path(moves[0], moves[1], np.abs(moves[2]), -np.abs(moves[3])),
        entry=rows["entry_idx"].to_numpy() - int(of["t_idx"].iloc[0]),
        side=rows["side"].to_numpy(),
        target=rows["a_tp"].to_numpy(),
        stop=rows["b_sl"].to_numpy(),
        horizon_bars=horizon_bars,
        enters_at_open=enters_at_open,
        opens_are_real=enters_at_open,
    )
    assert (touches.barrier == barriers.TIME).all()
    assert of["bar_end_utc"].iloc[touches.exit_bar].tolist() == rows["exit_horizon_utc"].tolist()
    held = of["session"].to_numpy()[touches.exit_bar] != of["session"].to_numpy()[rows["entry_idx"] - of["t_idx"][0]]
    assert_same_bytes(rows["cost_rt"].to_numpy(), COSTS.round_trip(rows["volatility"].to_numpy(), held))


@FEW
@given(case=cases(), data=st.data())
def test_a_grid_that_begins_later_or_ends_later_changes_no_byte(case, data):
    of, at, horizon_bars, enters_at_open = case
    how = {"horizon_bars": horizon_bars, "enters_at_open": enters_at_open}
    first = data.draw(st.integers(0, at[0]))
    last = data.draw(st.integers(at[-1] + horizon_bars + 2, len(of)))
    assert_same_bytes(events(found(of, at), of.iloc[first:last], **how), events(found(of, at), of, **how))


@FILLS
@FEW
@given(seed=SEEDS)
def test_events_in_any_order_come_out_by_decision(enters_at_open, seed):
    of = bars_domain.grid(intraday.sessions("2024-10-28", "2024-11-15"), minutes=60)
    rows = pd.concat([found(of, [2, 30, 7], symbol=s, volatility=v) for s, v in (("SPY", 0.01), ("QQQ", 0.02))])
    mixed = rows.sample(frac=1, random_state=seed)
    assert_same_bytes(events(mixed, of, enters_at_open=enters_at_open), events(rows, of, enters_at_open=enters_at_open))


def test_no_events_make_an_empty_table_with_its_columns():
    of = bars_domain.grid(intraday.sessions("2024-07-01", "2024-07-12"), minutes=60)
    assert list(events(found(of, []), of)) == list(events(found(of, [3]), of))
    assert len(events(found(of, []), of, sides=(1, -1))) == 0
