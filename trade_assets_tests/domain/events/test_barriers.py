"""Barriers: equal to a loop over events and bars, and blind to what lies before the fill or after the exit."""

from dataclasses import fields, replace
from pathlib import Path as File

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trade_assets.domain.events import barriers
from trade_assets.domain.events.barriers import Path, Touches, first_touch, touched
from trade_assets.domain.events.cusum import cusum
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import SEEDS

ORACLE = File(__file__).parents[4] / "shared" / "data" / "oracles" / "mlfinlab_dollar_bar_sample.csv"
NAMES = {
    "unresolved": barriers.UNRESOLVED,
    "profit": barriers.PROFIT,
    "loss": barriers.LOSS,
    "time": barriers.TIME,
    "gap": barriers.GAP,
    "unfilled": barriers.UNFILLED,
}
NAN = float("nan")
ENTRIES = pytest.mark.parametrize(("enters_at_open", "opens_are_real"), [(0, 0), (0, 1), (1, 0), (1, 1)])


@st.composite
def paths(draw, *, max_bars=40) -> Path:
    """Bars with gaps and absent values; some rounded, so that levels meet barriers; some opens outside the range."""
    rng, bars = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, max_bars))
    digits, missing = draw(st.sampled_from([2, 12])), draw(st.sampled_from([0.0, 0.05, 0.5]))
    log_return, opened, up, down = (np.round(rng.normal(0, s, bars), digits) for s in (0.01, 0.01, 0.005, 0.005))
    inside = rng.random(bars) < 0.9
    high = np.where(inside, np.maximum(opened, 0.0), 0.0) + np.abs(up)
    low = np.where(inside, np.minimum(opened, 0.0), 0.0) - np.abs(down)
    log_return[rng.random(bars) < missing / 5] = np.nan
    for values in (opened, high, low):
        values[rng.random(bars) < missing] = np.nan
    return Path(log_return, opened, high, low)


@st.composite
def events(draw, bars: int, *, max_events=12) -> dict[str, np.ndarray]:
    """Arguments of ``first_touch`` with one value an event; some entries lie beyond the data."""
    rng, n = np.random.default_rng(draw(SEEDS)), draw(st.integers(0, max_events))
    digits = draw(st.sampled_from([2, 12]))  # as those of a path
    return {
        "entry": rng.integers(0, bars + 2, n),
        "side": rng.choice([-1, 1], n),
        "target": np.round(rng.uniform(0.0051, 0.05, n), digits),
        "stop": np.round(rng.uniform(0.0051, 0.05, n), digits),
        "horizon_bars": rng.integers(1, 15, n),
    }


@st.composite
def cases(draw):
    """A path, events on it, and how they are filled."""
    path = draw(paths())
    flags = {"enters_at_open": draw(st.booleans()), "opens_are_real": draw(st.booleans())}
    return path, draw(events(len(path))), flags


def assert_same(found: Touches, expected: Touches):
    for field in fields(Touches):
        assert_same_bytes(getattr(found, field.name), getattr(expected, field.name))


def loop(path: Path, given_events, flags) -> Touches:
    bars = list(zip(*(getattr(path, f.name).tolist() for f in fields(Path)), strict=True))
    one_by_one = zip(*(values.tolist() for values in given_events.values()), strict=True)
    ended = [reference.first_touch(bars, **dict(zip(given_events, one, strict=True)), **flags) for one in one_by_one]
    exit_bar, names, level = zip(*ended, strict=True) if ended else ((), (), ())
    codes = np.array([NAMES[name] for name in names], dtype=np.int8)
    return Touches(np.array(exit_bar, dtype=np.int64), codes, np.array(level, dtype=float))


def one(path, *, entry=0, side=1, target=0.02, stop=0.02, horizon_bars=3, enters_at_open=False, opens_are_real=True):
    """Exit bar, barrier and level of one event."""
    found = first_touch(
        path,
        entry=np.array([entry]),
        side=np.array([side]),
        target=np.array([target]),
        stop=np.array([stop]),
        horizon_bars=horizon_bars,
        enters_at_open=enters_at_open,
        opens_are_real=opens_are_real,
    )
    return int(found.exit_bar[0]), int(found.barrier[0]), float(found.level[0])


def path_of(*bars) -> Path:
    """A path of (return, open, high, low); what is left out is absent."""
    return Path(*np.array([(*bar, NAN, NAN, NAN)[:4] for bar in bars]).T)


@given(cases())
@pytest.mark.reliability("12")
def test_equals_the_loop(case):
    path, given_events, flags = case
    assert_same(first_touch(path, **given_events, **flags), loop(path, given_events, flags))


@given(cases(), paths())
def test_bars_in_front_change_no_bit(case, front):
    path, given_events, flags = case
    longer = Path(*(np.concatenate([getattr(front, f.name), getattr(path, f.name)]) for f in fields(Path)))
    moved = first_touch(longer, **given_events | {"entry": given_events["entry"] + len(front)}, **flags)
    back = np.where(moved.exit_bar < 0, -1, moved.exit_bar - len(front))
    assert_same(replace(moved, exit_bar=back), first_touch(path, **given_events, **flags))


@given(cases(), paths(), st.data())
def test_bars_behind_the_exit_change_no_bit(case, other, data):
    path, given_events, flags = case
    cut = data.draw(st.integers(0, len(path)))
    changed = Path(*(np.concatenate([getattr(path, f.name)[:cut], getattr(other, f.name)]) for f in fields(Path)))
    whole, redone = (first_touch(p, **given_events, **flags) for p in (path, changed))
    before = first_touch(Path(*(getattr(path, f.name)[:cut] for f in fields(Path))), **given_events, **flags)
    known = (whole.exit_bar >= 0) & (whole.exit_bar < cut)
    assert_same_bytes(known, before.barrier != barriers.UNRESOLVED)
    for found in (redone, before):
        for field in fields(Touches):
            assert_same_bytes(getattr(found, field.name)[known], getattr(whole, field.name)[known])


@given(cases(), st.data())
def test_an_event_does_not_see_the_others(case, data):
    path, given_events, flags = case
    n = len(given_events["entry"])
    rows = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=n)) if n else [], dtype=int)
    whole = first_touch(path, **given_events, **flags)
    some = first_touch(path, **{name: values[rows] for name, values in given_events.items()}, **flags)
    assert_same(some, Touches(*(getattr(whole, f.name)[rows] for f in fields(Touches))))


@given(cases())
def test_a_short_is_a_long_on_the_path_upside_down(case):
    path, given_events, flags = case
    mirrored = Path(-path.log_return, -path.log_open, -path.log_low, -path.log_high)
    found = first_touch(mirrored, **given_events | {"side": -given_events["side"]}, **flags)
    assert_same(found, first_touch(path, **given_events, **flags))


@given(cases())
def test_exits_keep_to_the_horizon_and_to_their_side_of_the_fill(case):
    path, given_events, flags = case
    found = first_touch(path, **given_events, **flags)
    last = given_events["entry"] + given_events["horizon_bars"] - flags["enters_at_open"]
    assert (found.exit_bar <= last).all()
    assert (found.exit_bar[found.barrier == barriers.TIME] == last[found.barrier == barriers.TIME]).all()
    filled = ~np.isin(found.barrier, [barriers.UNRESOLVED, barriers.UNFILLED])
    assert_same_bytes(np.isnan(found.level), ~filled)
    assert (found.level >= given_events["target"])[found.barrier == barriers.PROFIT].all()
    assert (found.level <= -given_events["stop"])[found.barrier == barriers.LOSS].all()


values = st.sampled_from([-0.03, -0.02, -0.01, 0.0, 0.01, 0.02, 0.03]) | st.floats(-0.1, 0.1)


@given(st.none() | st.just(NAN) | values, values, values, st.sampled_from([0.01, 0.02]), st.sampled_from([0.01, 0.02]))
@example(NAN, -0.05, -0.03, 0.02, 0.02)
@example(-0.02, 0.0, 0.01, 0.02, 0.02)
@example(0.02, 0.0, 0.01, 0.02, 0.02)
def test_the_rule_of_one_bar_equals_the_one_written_apart(opened, low, high, stop, target):
    low, high = min(low, high), max(low, high)
    found = touched(opened, low, high, stop=stop, target=target)
    expected = reference.touch_of_bar(NAN if opened is None else opened, low, high, stop=stop, target=target)
    assert found == (expected and (NAMES[expected[0]], expected[1]))


def test_a_bar_that_touches_both_barriers_is_a_loss_for_either_side():
    path = path_of((0.0,), (0.0, NAN, 0.03, -0.03))
    assert one(path) == one(path, side=-1) == (1, barriers.LOSS, -0.02)


def test_an_open_past_a_barrier_fills_at_the_open():
    path = path_of((0.0,), (0.01, -0.05, 0.04, -0.06))
    assert one(path) == (1, barriers.LOSS, 0.01 - 0.05)
    assert one(path, side=-1) == (1, barriers.PROFIT, 0.05 - 0.01)


def test_an_open_at_a_barrier_is_a_touch_even_where_low_and_high_leave_it_out():
    path = path_of((0.0,), (0.0, -0.02, 0.01, 0.0))
    assert one(path) == (1, barriers.LOSS, -0.02)
    assert one(path, side=-1) == (1, barriers.PROFIT, 0.02)


def test_an_open_that_is_not_real_fills_nothing():
    path = path_of((0.0,), (0.01, -0.05, 0.005, -0.06))
    assert one(path, opens_are_real=False) == (1, barriers.LOSS, -0.02)


def test_where_only_the_close_is_known_a_touch_fills_at_the_close():
    assert one(path_of((0.0,), (-0.05,))) == (1, barriers.LOSS, -0.05)
    assert one(path_of((0.0,), (-0.05,)), side=-1) == (1, barriers.PROFIT, 0.05)


def test_no_loss_is_better_than_the_high_of_a_bar_without_a_real_open():
    path = path_of((0.0,), (-0.05, NAN, 0.01, -0.01))
    assert one(path) == (1, barriers.LOSS, -0.05 + 0.01)
    assert one(path, side=-1) == (1, barriers.PROFIT, 0.05 - 0.01)


def test_after_a_fill_at_the_open_the_entry_bar_counts_and_its_own_open_does_not():
    path = path_of((0.5, -0.01, 0.02, -0.02))
    assert one(path, enters_at_open=True, target=0.03) == (0, barriers.PROFIT, 0.03)
    assert one(path, enters_at_open=True, target=0.05, horizon_bars=1) == (0, barriers.TIME, 0.01)
    assert one(path, target=0.05, horizon_bars=1)[1] == barriers.UNRESOLVED


def test_after_a_fill_at_the_close_the_entry_bar_does_not_count():
    path = path_of((0.0, 0.0, 0.5, -0.5), (0.001,), (0.001,), (0.001,), (0.5,))
    assert one(path)[:2] == (3, barriers.TIME)


def test_on_the_last_bar_the_barrier_comes_before_the_time():
    assert one(path_of((0.0,), (0.02,)), horizon_bars=1) == (1, barriers.PROFIT, 0.02)


def test_a_bar_without_a_return_ends_the_event_at_the_last_level():
    assert one(path_of((0.0,), (0.01,), (NAN, 0.0, 0.0, 0.0), (0.0,))) == (2, barriers.GAP, 0.01)
    assert one(path_of((0.0,), (NAN,)), side=-1) == (1, barriers.GAP, 0.0)


def test_an_entry_without_a_price_is_unfilled():
    path = path_of((NAN, 0.0, 0.0, 0.0), (0.0, NAN, 0.0, 0.0), (0.0,))
    for entry, enters_at_open in ((0, False), (0, True), (1, True)):
        exit_bar, barrier, level = one(path, entry=entry, enters_at_open=enters_at_open)
        assert (exit_bar, barrier) == (entry, barriers.UNFILLED)
        assert np.isnan(level)


@ENTRIES
def test_an_entry_beyond_the_data_is_unresolved(enters_at_open, opens_are_real):
    flags = {"enters_at_open": bool(enters_at_open), "opens_are_real": bool(opens_are_real)}
    for path in (path_of((0.0, 0.0, 0.0, 0.0)), Path(*np.empty((4, 0)))):
        exit_bar, barrier, level = one(path, entry=1, **flags)
        assert (exit_bar, barrier) == (-1, barriers.UNRESOLVED)
        assert np.isnan(level)


@ENTRIES
def test_no_events_give_no_touches(enters_at_open, opens_are_real):
    nothing = dict.fromkeys(("entry", "side", "target", "stop"), np.array([]))
    flags = {"enters_at_open": bool(enters_at_open), "opens_are_real": bool(opens_are_real)}
    found = first_touch(path_of((0.0,)), **nothing, horizon_bars=5, **flags)
    assert len(found.exit_bar) == len(found.barrier) == len(found.level) == 0


@ENTRIES
def test_where_nothing_moves_the_time_runs_out(enters_at_open, opens_are_real):
    still = Path(*np.zeros((4, 10)))
    flags = {"enters_at_open": bool(enters_at_open), "opens_are_real": bool(opens_are_real)}
    for side in (1, -1):
        assert one(still, side=side, **flags) == (3 - enters_at_open, barriers.TIME, 0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"entry": -1}, "entry must be >= 0, was -1"),
        ({"entry": 0.5}, "entry must be whole numbers"),
        ({"side": 0}, "side must be 1 or -1, was 0"),
        ({"target": 0.0}, "target must be > 0, was 0.0"),
        ({"stop": NAN}, "stop must be > 0, was nan"),
        ({"horizon_bars": 0}, "horizon_bars must be >= 1, was 0"),
        ({"side": [1, 1]}, "one shape"),
    ],
)
def test_refuses_what_is_out_of_range(change, message):
    with pytest.raises(ValueError, match=message):
        one(path_of((0.0,)), **change)


def test_refuses_a_path_whose_values_differ_in_length():
    with pytest.raises(ValueError, match="one shape"):
        one(Path(np.zeros(3), np.zeros(3), np.zeros(2), np.zeros(3)))


@pytest.mark.skipif(not ORACLE.is_file(), reason="the development data are not beside the checkout")
class TestOfMlfinlab:
    """1,000 dollar bars, and the events mlfinlab publishes for them."""

    @pytest.fixture(scope="class")
    def close(self):
        return pd.read_csv(ORACLE, parse_dates=["date_time"], index_col="date_time")["close"]

    @pytest.fixture(scope="class")
    def found(self, close):
        """The events with the target of both barriers and the time of the vertical one."""
        volatility = reference.book_daily_volatility(close)
        r = np.log(close).diff().to_numpy()
        at = np.flatnonzero(cusum(r, np.full(len(r), 0.02)).direction)
        last = np.minimum(close.index.searchsorted(close.index[at] + pd.Timedelta(days=1)), len(close) - 1)
        listed = pd.DataFrame({"entry": at, "last": last, "t1": close.index[last], "side": 1}, index=close.index[at])
        listed["trgt"] = volatility.reindex(listed.index)
        return listed[listed["trgt"] > 0.005]

    def test_volatility_events_and_targets_are_those_published(self, close, found):
        assert len(reference.book_daily_volatility(close)) == 960
        assert len(found) == 8
        assert found["trgt"].iloc[0] == pytest.approx(0.010166261175903357, rel=1e-12)
        assert found["trgt"].iloc[-1] == pytest.approx(0.006455887663302871, rel=1e-12)

    @pytest.mark.parametrize("side", [1, -1])
    def test_first_touches_are_those_of_the_book(self, close, found, side):
        path = Path(np.log(close).diff().to_numpy(), *np.full((3, len(close)), np.nan))
        up, down = np.log1p(found["trgt"].to_numpy()), -np.log1p(-found["trgt"].to_numpy())
        given_events = {
            "entry": found["entry"].to_numpy(),
            "side": np.full(len(found), side),
            "target": up if side == 1 else down,
            "stop": down if side == 1 else up,
            "horizon_bars": (found["last"] - found["entry"]).to_numpy(),
        }
        flags = {"enters_at_open": False, "opens_are_real": True}
        ours = first_touch(path, **given_events, **flags)
        assert_same(ours, loop(path, given_events, flags))
        book = reference.book_first_touches(close, found.assign(side=side))
        first = book.min(axis=1)
        assert close.index[ours.exit_bar].tolist() == first.tolist()
        expected = np.select(
            [book["sl"] == first, book["pt"] == first], [barriers.LOSS, barriers.PROFIT], barriers.TIME
        )
        assert ours.barrier.tolist() == expected.tolist()
        earned = side * np.log(close.loc[first].to_numpy() / close.loc[found.index].to_numpy())
        np.testing.assert_allclose(ours.level, earned, rtol=0, atol=1e-14)
