"""What every registered bar feature must keep, whoever wrote it; and the filter that finds the events."""

import functools
import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar
from trade_assets.domain.events import bar_features, models
from trade_assets.domain.events import bars as bars_domain
from trade_assets.domain.events.bar_features import BAR_FEATURES, MARGIN_BARS, Inputs
from trade_assets_tests import intraday, reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS

MINUTES, VOLATILITY_BARS, LAST = 60, 21, 9  # nine windows of five sessions: 315 bars less those of early closes
NAMES = pytest.mark.parametrize("name", BAR_FEATURES)
HISTORIES = st.integers(0, 5)
DATES = calendar.rebalances(pd.Timestamp("2024-06-24"), pd.Timestamp("2024-06-24"), pd.Timestamp("2024-10-01"), every=5)
DAYS = calendar.sessions_between(DATES.dates[0], DATES.dates[-1])
GRID = bars_domain.grid(DAYS, minutes=MINUTES)
BEHIND = max(*(f.bars for f in BAR_FEATURES.values()), VOLATILITY_BARS) + MARGIN_BARS
NO_MOVE_NEEDED = {"session_elapsed", "bars_to_close", "volume_surprise_21"}


@functools.cache
def history(seed):
    """Hourly bars of two legs and their daily bars; every other history has splits, dividends and absent bars."""
    if seed % 2 == 0:
        return intraday.market(seed, DAYS, minutes=MINUTES)
    bars, daily = intraday.market(
        seed, DAYS, minutes=MINUTES, missing=0.01, splits={("2024-08-15", "QQQ"): 2.0},
        dividends={("2024-08-20", "SPY"): 1.7, ("2024-09-16", "QQQ"): 0.4},
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    absent = [(s, i) for s in intraday.LEGS for at in range(10, len(GRID), 15) for i in range(at, at + rng.integers(6))]
    instants = [(symbol, GRID["bar_end_utc"][i]) for symbol, i in absent if i < len(GRID)]
    gone = pd.MultiIndex.from_frame(bars[["symbol", "bar_end_utc"]]).isin(instants)
    return bars[~gone].reset_index(drop=True), daily


def legs_of(bars, daily, of=GRID, symbols=intraday.LEGS):
    session = of.set_index("bar_end_utc")["session"].reindex(bars["bar_end_utc"]).to_numpy()
    held = bars.assign(session=session)[~np.isnat(session)]
    return bars_domain.leg_bars(held, daily, of, list(symbols))


def inputs_of(legs, *, opens_are_real=True):
    return Inputs(legs, VOLATILITY_BARS, opens_are_real)


def from_start(legs):
    return np.zeros(len(legs.grid), dtype=int)


@functools.cache
def whole(seed):
    legs = legs_of(*history(seed))
    return bar_features.values(inputs_of(legs), from_start(legs))


@functools.cache
def cut_after(seed, rows):
    bars, daily = history(seed)
    of = GRID.iloc[:rows]
    legs = legs_of(bars, daily[daily["session"] <= of["session"].iloc[-1]], of)
    return bar_features.values(inputs_of(legs), from_start(legs))


@NAMES
@FEW
@given(seed=HISTORIES, rows=st.integers(1, len(GRID)))
def test_no_feature_changes_when_the_future_is_removed(name, seed, rows):
    assert_same_bytes(cut_after(seed, rows)[name], whole(seed)[name][:rows])


@functools.cache
def seen_from(seed, first):
    """Values of all bars, which may look at none before row ``first``."""
    legs = legs_of(*history(seed))
    return bar_features.values(inputs_of(legs), np.full(len(GRID), first))


@functools.cache
def begun_at(seed, first, keeps_grid):
    """Values from row ``first`` on where no bar before it is there, and the grid is or is not."""
    bars, daily = history(seed)
    of = GRID if keeps_grid else GRID.iloc[first:]
    legs = legs_of(bars[bars["bar_end_utc"] >= GRID["bar_end_utc"][first]], daily, of)
    made = bar_features.values(inputs_of(legs), np.full(len(of), first if keeps_grid else 0))
    return {name: x[first:] if keeps_grid else x for name, x in made.items()}


@NAMES
@pytest.mark.parametrize("keeps_grid", [True, False])
@FEW
@given(seed=HISTORIES, first=st.integers(1, len(GRID) - 1))
def test_no_feature_changes_when_bars_before_its_visible_window_are_removed(name, keeps_grid, seed, first):
    assert np.isnan(seen_from(seed, first)[name][:first]).all()
    assert_same_bytes(begun_at(seed, first, keeps_grid)[name], seen_from(seed, first)[name][first:])


@FEW
@given(seed=HISTORIES, first=st.integers(1, len(GRID) - 1))
def test_volatility_does_not_change_when_bars_before_the_visible_window_are_removed(seed, first):
    bars, daily = history(seed)
    held = legs_of(bars[bars["bar_end_utc"] >= GRID["bar_end_utc"][first]], daily)
    visible = np.full(len(GRID), first)
    alone, among = (bar_features.visible_volatility(inputs_of(x), visible) for x in (held, legs_of(*history(seed))))
    assert_same_bytes(alone, among)


@pytest.mark.parametrize("date", [0, 3, LAST - 1, LAST, len(DATES) - 1])
def test_a_bar_may_look_back_to_the_first_of_the_last_windows_of_its_partition(date):
    own = np.flatnonzero(GRID["session"].between(DATES.dates[max(date - 1, 0)], DATES.dates[date], inclusive="right"))
    for dates in (DATES, between(date, date)):
        visible = bar_features.first_visible(legs_of(*history(0)), dates, grid_dates=DATES, last=LAST)
        assert set(GRID["session"][visible[own]]) <= {DAYS[0] if date < LAST else DAYS[5 * (date - LAST) + 1]}
        assert (GRID["bar"][visible[own]] == 0).all()


@NAMES
@FEW
@given(seed=HISTORIES, shuffle=st.integers(0, 3))
def test_the_order_of_the_rows_changes_no_byte(name, seed, shuffle):
    assert_same_bytes(shuffled(seed, shuffle)[name], whole(seed)[name])


@functools.cache
def shuffled(seed, shuffle):
    legs = legs_of(*(table.sample(frac=1, random_state=shuffle) for table in history(seed)))
    return bar_features.values(inputs_of(legs), from_start(legs))


@NAMES
@FEW
@given(seed=HISTORIES, power=st.integers(-3, 3))
def test_prices_times_a_power_of_two_change_no_byte(name, seed, power):
    assert_same_bytes(rescaled(seed, power)[name], whole(seed)[name])


@functools.cache
def rescaled(seed, power):
    bars, daily = history(seed)
    factor = np.where(bars["symbol"] == "QQQ", 2.0**power, 1.0)
    of_daily = np.where(daily["symbol"] == "QQQ", 2.0**power, 1.0)
    scaled = bars.assign(**{c: bars[c] * factor for c in ("open", "high", "low", "close")})
    legs = legs_of(scaled, daily.assign(dividend=daily["dividend"] * of_daily))
    return bar_features.values(inputs_of(legs), from_start(legs))


@NAMES
@FEW
@given(seed=HISTORIES)
def test_no_feature_changes_with_the_leg_beside_it_unless_it_compares_them(name, seed):
    bars, daily = history(seed)
    legs = legs_of(bars, daily, symbols=("QQQ",))
    alone = bar_features.values(inputs_of(legs), from_start(legs))[name]
    if name.startswith("spread"):
        assert np.isnan(alone).all()
    else:
        assert_same_bytes(alone[:, 0], np.ascontiguousarray(whole(seed)[name][:, 0]))


@NAMES
@FEW
@given(seed=st.sampled_from([0, 2, 4]))
def test_every_feature_is_there_once_history_is_long_enough_and_not_before_its_own_window(name, seed):
    values = whole(seed)[name]
    needed = max(BAR_FEATURES[name].bars, VOLATILITY_BARS) + MARGIN_BARS
    assert np.isfinite(values[BEHIND:]).all()
    assert np.isnan(values[:needed]).all()


@NAMES
@FEW
@given(seed=HISTORIES)
def test_no_feature_is_infinite_and_without_real_opens_only_the_gap_overnight_is_null(name, seed):
    assert not np.isinf(whole(seed)[name]).any()
    bars, daily = history(seed)
    legs = legs_of(bars.assign(open=np.nan), daily)
    closes = bar_features.values(inputs_of(legs, opens_are_real=False), from_start(legs))[name]
    if name == "overnight_gap":
        assert np.isnan(closes).all()
    else:
        assert_same_bytes(closes, whole(seed)[name])


def of_last_bar(bars, other):
    """Every feature of the last bar as its name says, in plain floats."""
    close, moves = bars["close"].tolist(), [math.log(b / a) for a, b in itertools.pairwise(bars["close"])]
    others = [math.log(b / a) for a, b in itertools.pairwise(other["close"])]
    sigma, beside = (reference.std(of[-VOLATILITY_BARS:]) for of in (moves, others))
    log_volume, last = [math.log(v) for v in bars["volume"]], bars.iloc[-1]
    own = GRID.iloc[-1]

    def move(of, n, by):
        return math.fsum(of[-n:]) / (by * math.sqrt(n))

    up = math.fsum(max(r, 0) for r in moves[-14:]) / math.fsum(abs(r) for r in moves[-14:])
    down = math.fsum(min(r, 0) ** 2 for r in moves[-21:]) / math.fsum(r * r for r in moves[-21:])
    surprise = (log_volume[-1] - reference.mean(log_volume[-21:])) / reference.std(log_volume[-21:])
    return {
        **{f"move_{n}": move(moves, n, sigma) for n in (1, 5, 21, 63, 252)},
        **{
            f"trend_gap_{n}": math.log(close[-1] / reference.mean(close[-n:])) / (sigma * math.sqrt(n))
            for n in (21, 200)
        },
        "high_gap_63": math.log(close[-1] / max(close[-63:])) / (sigma * math.sqrt(63)),
        "low_gap_63": math.log(close[-1] / min(close[-63:])) / (sigma * math.sqrt(63)),
        "relative_strength_14": up - 0.5,
        **{f"volatility_ratio_{n}": reference.std(moves[-n:]) / sigma for n in (5, 21)},
        "downside_share_21": down,
        "autocorrelation_63": reference.correlation(moves[-63:], moves[-64:-1]),
        "bar_range": math.log(last["high"] / last["low"]) / sigma,
        "place_in_range": (last["close"] - last["low"]) / (last["high"] - last["low"]) - 0.5,
        "volume_surprise_21": surprise,
        "overnight_gap": math.log(last["open"] / close[-2]) / sigma if own["bar"] == 0 else 0.0,
        "session_elapsed": (own["bar"] + 1) / own["session_bars"],
        "bars_to_close": own["session_bars"] - own["bar"] - 1,
        **{f"spread_{n}": move(moves, n, sigma) - move(others, n, beside) for n in (21, 63)},
    }


@pytest.mark.parametrize("rows", [len(GRID), len(GRID) - 6, len(GRID) - 3])  # the last, the first and a middle bar
@FEW
@given(seed=st.sampled_from([0, 2, 4]))
def test_every_feature_is_what_its_name_says(rows, seed):
    bars, _ = history(seed)
    bars = bars[bars["bar_end_utc"].isin(GRID["bar_end_utc"].iloc[:rows])]
    made = cut_after(seed, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "GRID", GRID.iloc[:rows])
        for leg, symbol in enumerate(intraday.LEGS):
            own, other = (bars[(bars["symbol"] == symbol) == is_own] for is_own in (True, False))
            expected = of_last_bar(own, other)
            assert set(expected) == set(BAR_FEATURES)
            for name, value in expected.items():
                assert made[name][-1, leg] == pytest.approx(value, rel=1e-9, abs=1e-9), name


@FEW
@given(seed=HISTORIES)
def test_a_short_sees_directional_features_with_changed_sign(seed):
    table = run(seed, DATES)
    found = table[table["cusum_direction"] != 0]
    rows = found.rename(columns={"bar_end_utc": "decision_utc"}).assign(tp_to_cost=3.0)
    columns = ["decision_utc", "symbol", "cusum_direction", "tp_to_cost", "volatility"]
    both = pd.concat([rows[columns].assign(side=side) for side in (1, -1)], ignore_index=True)
    x = models.features_of(both, table)
    long, short = x[: len(rows)], x[len(rows) :].reset_index(drop=True)
    assert len(rows) > 10
    for name in models.FEATURES:
        sign = -1.0 if name in models.DIRECTIONAL else 1.0
        assert_same_bytes(short[f"x_{name}"].to_numpy(), long[f"x_{name}"].to_numpy() * sign)
    assert_same_bytes(long["x_cusum_direction"].to_numpy(), found["cusum_direction"].to_numpy(dtype=float))


def window_of(dates):
    """Sessions the asset reads for ``dates``: of the last windows before the first of them, and on to the last."""
    window = DATES.window(dates.dates[0], last=LAST + 1)
    first = window[0] + pd.Timedelta(days=1) if len(window) > LAST else DATES.dates[0]
    return DAYS[(first <= DAYS) & (dates.dates[-1] >= DAYS)]


def run(seed, dates, previous=None):
    """Rows of the table for ``dates``, from no more bars than the asset reads for them."""
    bars, daily = history(seed)
    days = window_of(dates)
    skipped = int((days[0] > GRID["session"]).sum())
    of = bars_domain.grid(days, minutes=MINUTES, first_idx=skipped)
    legs = legs_of(bars[bars["bar_end_utc"].isin(of["bar_end_utc"])], daily[daily["session"].isin(days)], of)
    empty = pd.DataFrame({"symbol": [], "bar_end_utc": [], "cusum_up": [], "cusum_down": []})
    parts = bar_features.by_leg(
        inputs_of(legs), dates, empty if previous is None else previous,
        grid_dates=DATES, last=LAST, cusum_volatilities=1.0,
    )  # fmt: skip
    return pd.concat(parts, ignore_index=True).sort_values(["bar_end_utc", "symbol"], ignore_index=True)


def between(first, last):
    return DATES.between(DATES.dates[first], DATES.dates[last])


@FEW
@given(seed=HISTORIES, cuts=st.sets(st.integers(1, len(DATES) - 1), min_size=1, max_size=4))
def test_runs_that_go_on_from_the_partition_before_give_the_bytes_of_one_run(seed, cuts):
    edges = [0, *sorted(cuts), len(DATES)]
    parts, previous = [], None
    for first, after in itertools.pairwise(edges):
        part = run(seed, between(first, after - 1), previous)
        parts.append(part)
        previous = part[part["rebalance_date"] == DATES.dates[after - 1]].sample(frac=1, random_state=1)
    assert_same_bytes(pd.concat(parts, ignore_index=True), run(seed, DATES))


def test_keys_one_by_one_give_the_bytes_of_one_run():
    parts, previous = [], None
    for at in range(len(DATES)):
        previous = run(1, between(at, at), previous)
        parts.append(previous)
    assert_same_bytes(pd.concat(parts, ignore_index=True), run(1, DATES))


@FEW
@given(seed=HISTORIES)
def test_events_are_those_of_the_loop_over_all_bars_at_once(seed):
    table = run(seed, DATES)
    legs = legs_of(*history(seed))
    assert (table["cusum_direction"] != 0).sum() > 20
    for leg, symbol in enumerate(legs.symbols):
        own = table[table["symbol"] == symbol]
        assert own["t_idx"].tolist() == list(range(len(own)))
        with np.errstate(invalid="ignore"):
            moves = np.log(legs.panel.gross[: len(own), leg]).tolist()
        directions, ups, downs = reference.cusum(moves, own["volatility"].tolist())
        assert own["cusum_direction"].tolist() == directions
        assert own["cusum_up"].tolist() == ups
        assert own["cusum_down"].tolist() == downs


@pytest.mark.parametrize("seed", [0, 1])
def test_prices_that_never_move_have_no_volatility_no_features_and_no_event(seed):
    bars, daily = history(seed)
    still = bars.assign(open=100.0, high=100.0, low=100.0, close=100.0)
    legs = legs_of(still, daily.assign(split_ratio=1.0, dividend=0.0))
    empty = pd.DataFrame({"symbol": [], "bar_end_utc": [], "cusum_up": [], "cusum_down": []})
    parts = bar_features.by_leg(inputs_of(legs), DATES, empty, grid_dates=DATES, last=LAST, cusum_volatilities=1.0)
    for part in parts:
        assert part["volatility"].isna().all()
        assert (part[["cusum_direction", "cusum_up", "cusum_down"]] == 0).all(axis=None)
        assert part[[n for n in BAR_FEATURES if n not in NO_MOVE_NEEDED]].isna().all(axis=None)


@FEW
@given(seed=SEEDS)
def test_a_leg_without_bars_has_rows_without_features_and_leaves_the_others_as_they_are(seed):
    bars, daily = history(seed % 6)
    empty = pd.DataFrame({"symbol": [], "bar_end_utc": [], "cusum_up": [], "cusum_down": []})
    how = {"grid_dates": DATES, "last": LAST, "cusum_volatilities": 1.0}
    alone = bar_features.by_leg(inputs_of(legs_of(bars, daily, symbols=("QQQ",))), DATES, empty, **how)
    absent = bars[bars["symbol"] == "QQQ"]
    beside = bar_features.by_leg(inputs_of(legs_of(absent, daily)), DATES, empty, **how)
    assert_same_bytes(beside[0], alone[0])
    assert beside[1][[n for n in BAR_FEATURES if n not in ("session_elapsed", "bars_to_close")]].isna().all(axis=None)
    assert (beside[1]["cusum_direction"] == 0).all()
