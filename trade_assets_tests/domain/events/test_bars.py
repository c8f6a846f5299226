"""The grid keeps the exchange's hours, finer bars add up to it as a loop says, and actions act once."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import calendar, prices
from trade_assets.domain.events import bars as bars_domain
from trade_assets_tests import intraday, reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS

LENGTHS = pytest.mark.parametrize("minutes", [1, 5, 30, 60, 390, None])
# ends of DST and its beginning, early closes, the closure of 2025-01-09
SPANS = [("2024-03-04", "2024-03-15"), ("2024-06-28", "2024-07-09"), ("2024-10-30", "2024-12-03"), ("2025-01-06", "2025-01-14")]  # fmt: skip
MONEY = ["open", "high", "low", "close"]
FIELDS = ["open", "high", "low", "close", "volume", "split", "dividend", "factor", "gross", "carried"]


def utc(day, *times):
    return [pd.Timestamp(f"{day} {time}", tz="UTC") for time in times]


@pytest.mark.parametrize(
    ("day", "minutes", "ends"),
    [
        ("2024-06-28", 60, ["14:30", "15:30", "16:30", "17:30", "18:30", "19:30", "20:00"]),
        ("2024-06-28", 390, ["20:00"]),
        ("2024-06-28", None, ["20:00"]),
        ("2024-06-28", 200, ["16:50", "20:00"]),
        ("2024-07-03", 60, ["14:30", "15:30", "16:30", "17:00"]),
        ("2024-11-29", 60, ["15:30", "16:30", "17:30", "18:00"]),
        ("2024-11-29", None, ["18:00"]),
        ("2024-03-08", 390, ["21:00"]),
        ("2024-03-11", 390, ["20:00"]),
        ("2024-03-11", 60, ["14:30", "15:30", "16:30", "17:30", "18:30", "19:30", "20:00"]),
        ("2025-01-09", 60, []),
    ],
)
def test_ends_of_bars_by_hand(day, minutes, ends):
    around = pd.Timestamp(day)
    made = bars_domain.grid(
        calendar.sessions_between(around - pd.Timedelta(days=4), around + pd.Timedelta(days=4)), minutes=minutes
    )
    assert made.loc[made["session"] == around, "bar_end_utc"].tolist() == utc(day, *ends)


@LENGTHS
@pytest.mark.parametrize("span", SPANS)
def test_the_grid_goes_from_the_open_to_the_close_of_every_session_and_nowhere_else(minutes, span):
    days = intraday.sessions(*span)
    made = bars_domain.grid(days, minutes=minutes, first_idx=7)
    session, end = zip(*intraday.ends(days, minutes), strict=True)
    assert made["session"].tolist() == list(session)
    assert made["bar_end_utc"].tolist() == list(end)
    assert made["t_idx"].tolist() == list(range(7, 7 + len(end)))
    assert str(made["bar_end_utc"].dtype) == str(made["bar_start_utc"].dtype) == "datetime64[us, UTC]"
    for _, own in made.groupby("session"):
        assert own["bar"].tolist() == list(range(len(own)))
        assert (own["session_bars"] == len(own)).all()
        starts = [calendar.open_utc(days[days == own["session"].iloc[0]])[0], *own["bar_end_utc"].iloc[:-1]]
        assert own["bar_start_utc"].tolist() == starts
    closes = calendar.close_utc(pd.DatetimeIndex(made["session"]))
    assert (made["bar_end_utc"] <= closes).all()
    assert (made["bar_end_utc"].to_numpy() == closes.to_numpy())[made["bar"] == made["session_bars"] - 1].all()
    assert bars_domain.bars_in(days, minutes=minutes).tolist() == made.groupby("session").size().tolist()


@LENGTHS
@pytest.mark.parametrize("span", SPANS)
def test_bars_are_counted_on_whatever_session_the_grid_begins_with(minutes, span):
    days = intraday.sessions(*span)
    whole = bars_domain.grid(days, minutes=minutes)
    for first in range(1, len(days)):
        skipped = int(bars_domain.bars_in(days[:first], minutes=minutes).sum())
        part = bars_domain.grid(days[first:], minutes=minutes, first_idx=skipped)
        assert_same_bytes(part, whole.iloc[skipped:])


@st.composite
def sources(draw):
    """Bars finer than a grid or as fine, with absent bars and values; and the grid."""
    fine, coarse = draw(st.sampled_from([(5, 5), (5, 30), (5, 60), (30, 60), (60, 60), (30, 390), (5, 7), (30, None)]))
    days = intraday.sessions(*draw(st.sampled_from(SPANS)))[:4]
    bars, _ = intraday.market(draw(SEEDS), days, minutes=fine, missing=draw(st.sampled_from([0.0, 0.1])))
    rng = np.random.default_rng(draw(SEEDS))
    absent = draw(st.sampled_from([0.0, 0.1]))
    for column in ("open", "high", "low", "volume"):
        bars[column] = bars[column].where(rng.random(len(bars)) >= absent)
    return bars, bars_domain.grid(days, minutes=coarse)


def summed(bars, of):
    """The loop: every bar goes into the first instant of the grid that has not passed it."""
    ends, made = list(zip(of["bar_end_utc"], of["session"], strict=True)), {}
    for row in bars.sort_values("bar_end_utc").itertuples():
        end, session = next(e for e in ends if e[0] >= row.bar_end_utc)
        whole = made.get((end, row.symbol))
        if whole is None:
            made[end, row.symbol] = [row.open, row.high, row.low, row.close, row.volume, session]
            continue
        whole[1] = row.high if row.high > whole[1] else whole[1] if row.high <= whole[1] else reference.NAN
        whole[2] = row.low if row.low < whole[2] else whole[2] if row.low >= whole[2] else reference.NAN
        whole[3], whole[4] = row.close, whole[4] + row.volume
    rows = [(*key, *made[key]) for key in sorted(made)]
    return pd.DataFrame(rows, columns=["bar_end_utc", "symbol", *MONEY, "volume", "session"])


@FEW
@given(source=sources())
def test_finer_bars_add_up_as_the_loop_says(source):
    bars, of = source
    found = bars_domain.on_grid(bars, of)
    assert_same_bytes(found, summed(bars, of))


@FEW
@given(source=sources(), shuffle=SEEDS)
def test_summing_again_or_rows_in_another_order_change_no_byte(source, shuffle):
    bars, of = source
    once = bars_domain.on_grid(bars, of)
    assert_same_bytes(bars_domain.on_grid(once.drop(columns="session"), of), once)
    assert_same_bytes(bars_domain.on_grid(bars.sample(frac=1, random_state=shuffle), of), once)


@FEW
@given(source=sources())
def test_sessions_apart_give_the_bytes_of_all_at_once(source):
    bars, of = source
    days = of["session"].drop_duplicates()
    parts = []
    for day in days:
        own = of[of["session"] == day]
        inside = bars["bar_end_utc"].between(own["bar_start_utc"].iloc[0], own["bar_end_utc"].iloc[-1])
        parts.append(bars_domain.on_grid(bars[inside], own))
    assert_same_bytes(pd.concat(parts, ignore_index=True), bars_domain.on_grid(bars, of))


def test_a_volume_nobody_gives_stays_null_and_a_part_without_a_value_leaves_none():
    days = intraday.sessions("2024-07-02", "2024-07-03")
    bars, _ = intraday.market(1, days, minutes=30, symbols=("QQQ",))
    of = bars_domain.grid(days, minutes=60)
    assert bars_domain.on_grid(bars.assign(volume=np.nan), of)["volume"].isna().all()
    holes = bars.assign(**{c: bars[c].where(np.arange(len(bars)) != 1) for c in ("open", "high", "volume")})
    first = bars_domain.on_grid(holes, of).iloc[0]
    assert first[["high", "volume"]].isna().all()
    assert first["open"] == bars["open"].iloc[0]  # that of the first part, which is there
    assert np.isnan(bars_domain.on_grid(bars.assign(open=bars["open"].where(np.arange(len(bars)) != 0)), of)["open"][0])


def test_a_bar_after_the_close_belongs_to_the_next_session():
    days = intraday.sessions("2024-07-02", "2024-07-03")
    bars, _ = intraday.market(1, days, minutes=60, symbols=("QQQ",))
    late = bars.iloc[[6]].assign(bar_end_utc=pd.Timestamp("2024-07-02 20:05", tz="UTC"), volume=1.0)
    found = bars_domain.on_grid(pd.concat([bars, late]), bars_domain.grid(days, minutes=60))
    assert found["volume"].iloc[7] == bars["volume"].iloc[7] + 1
    assert found["session"].iloc[7] == days[1]
    assert_same_bytes(found.iloc[:7], bars_domain.on_grid(bars, bars_domain.grid(days, minutes=60)).iloc[:7])


@pytest.mark.parametrize(
    ("given_minutes", "wanted"), [(None, 60), (390, 60), (120, 60), (60, 30), (10, 5), (60, 5), (2, 1), (None, 200)]
)
@pytest.mark.parametrize("days", [1, 5])
def test_a_coarser_source_is_refused_by_name(given_minutes, wanted, days):
    chosen = intraday.sessions("2024-07-01", "2024-07-09")[:days]
    bars, _ = intraday.market(1, chosen, minutes=given_minutes, symbols=("QQQ",))
    with pytest.raises(ValueError, match=r"index_bars: QQQ has \d+ bars a session where events\.bar_minutes asks for"):
        bars_domain.on_grid(bars, bars_domain.grid(chosen, minutes=wanted))


def test_what_a_single_window_refuses_a_range_of_windows_refuses_too():
    chosen = intraday.sessions("2024-07-01", "2024-07-17")
    coarse, fine = chosen[:2], chosen[2:]
    bars = pd.concat([intraday.market(1, coarse, minutes=120)[0], intraday.market(1, fine, minutes=60)[0]])
    windows = pd.DataFrame({"session": chosen, "rebalance_date": [coarse[-1]] * 2 + [fine[-1]] * len(fine)})
    of = bars_domain.grid(chosen, minutes=60)
    assert len(bars_domain.on_grid(bars, of)) == len(bars)  # taken together most sessions are fine
    with pytest.raises(ValueError, match="asks for"):
        bars_domain.on_grid(bars, of, windows)
    bars_domain.on_grid(bars[bars["bar_end_utc"] > of["bar_end_utc"][of["session"] == coarse[-1]].max()], of, windows)


@FEW
@given(seed=SEEDS, begin=st.integers(0, 4), missing=st.sampled_from([0.0, 0.2]))
def test_a_session_that_is_half_empty_is_a_gap_and_not_a_coarser_source(seed, begin, missing):
    days = intraday.sessions("2024-07-02", "2024-07-02")
    bars, _ = intraday.market(seed, days, minutes=5, missing=missing)
    of = bars_domain.grid(days, minutes=60)
    held = bars[
        bars["bar_end_utc"].between(of["bar_start_utc"][begin], of["bar_end_utc"][begin + 2], inclusive="right")
    ]
    assert len(bars_domain.on_grid(held, of)) == 6


def test_no_bars_make_no_bars():
    days = intraday.sessions("2024-07-02", "2024-07-03")
    bars, _ = intraday.market(1, days, minutes=60)
    found = bars_domain.on_grid(bars.iloc[:0], bars_domain.grid(days, minutes=60))
    assert len(found) == 0
    assert list(found) == ["bar_end_utc", "symbol", *MONEY, "volume", "session"]


def test_gaps_are_named_between_the_first_bar_and_the_last():
    days = intraday.sessions("2024-07-01", "2024-07-08")
    of = bars_domain.grid(days, minutes=60)
    bars, _ = intraday.market(1, days, minutes=60)
    t_idx = of.set_index("bar_end_utc")["t_idx"].reindex(bars["bar_end_utc"]).to_numpy()
    absent = (bars["symbol"] == "SPY") & np.isin(t_idx, [0, 9, 10, 14, 15, 16, 17, len(of) - 1])
    expected = pd.DataFrame(
        {"symbol": "SPY", "session": days[[1, 2]], "n_missing": [2, 4], "n_expected": [7, 4]}
    )  # the third session closes early; the ends are listings, not gaps
    pd.testing.assert_frame_equal(bars_domain.gaps(bars[~absent], of), expected, check_dtype=False)
    assert len(bars_domain.gaps(bars, of)) == len(bars_domain.gaps(bars.iloc[:0], of)) == 0


@st.composite
def markets(draw):
    """Bars of two legs with splits, dividends and absent bars; their daily bars; the grid."""
    days = intraday.sessions(*draw(st.sampled_from(SPANS)))
    minutes, rng = draw(st.sampled_from([30, 60, 390, None])), np.random.default_rng(draw(SEEDS))
    keys = [(f"{day:%Y-%m-%d}", symbol) for day in days for symbol in intraday.LEGS]
    splits = {key: float(rng.choice([0.5, 2.0, 3.0])) for key in keys if rng.random() < 0.2}
    dividends = {key: float(rng.uniform(0.1, 2.0)) for key in keys if rng.random() < 0.2}
    bars, daily = intraday.market(
        draw(SEEDS), days, minutes=minutes, splits=splits, dividends=dividends,
        missing=draw(st.sampled_from([0.0, 0.1, 0.4])),
    )  # fmt: skip
    return bars, daily, bars_domain.grid(days, minutes=minutes)


def arranged(bars, daily, of, symbols=intraday.LEGS):
    session = of.set_index("bar_end_utc")["session"].reindex(bars["bar_end_utc"]).to_numpy()
    return bars_domain.leg_bars(bars.assign(session=session), daily, of, list(symbols))


@FEW
@given(market=markets())
def test_returns_are_what_a_share_became_with_actions_in_the_first_bar_of_their_session(market):
    bars, daily, of = market
    legs = arranged(bars, daily, of)
    session = of.set_index("bar_end_utc")["session"].reindex(bars["bar_end_utc"]).to_numpy()
    rows = bars.assign(session=session).merge(
        daily[["session", "symbol", "split_ratio", "dividend", "adjustment_factor"]], on=["session", "symbol"]
    )
    later = rows.sort_values("bar_end_utc").duplicated(["session", "symbol"]).sort_index()
    rows = rows.assign(
        session=rows["bar_end_utc"],
        split_ratio=rows["split_ratio"].where(~later, 1.0),
        dividend=rows["dividend"].where(~later, 0.0),
    )
    instants = list(of["bar_end_utc"])
    expected = reference.gross(rows, instants, max_missing=prices.MAX_GAP_SESSIONS)
    table = [[expected.get((instant, symbol), reference.NAN) for symbol in legs.symbols] for instant in instants]
    np.testing.assert_allclose(legs.panel.gross, table, rtol=1e-14)


@FEW
@given(market=markets())
def test_a_split_or_a_dividend_acts_in_one_bar_of_its_session(market):
    bars, daily, of = market
    legs = arranged(bars, daily, of)
    for leg, symbol in enumerate(legs.symbols):
        own = daily[daily["symbol"] == symbol].set_index("session")
        held = ~np.isnan(legs.panel.close[:, leg])
        for session, at in of[held].groupby("session").groups.items():
            rows = at.to_numpy()
            assert legs.panel.split[rows[0], leg] == own.at[session, "split_ratio"]
            assert legs.panel.dividend[rows[0], leg] == own.at[session, "dividend"]
            assert (legs.panel.split[rows[1:], leg] == 1).all()
            assert (legs.panel.dividend[rows[1:], leg] == 0).all()


@FEW
@given(market=markets(), shuffle=SEEDS, power=st.integers(-6, 6))
def test_the_order_of_rows_changes_no_byte_and_the_scale_of_prices_no_return(market, shuffle, power):
    bars, daily, of = market
    legs = arranged(bars, daily, of)
    mixed = arranged(*(t.sample(frac=1, random_state=shuffle) for t in (bars, daily)), of)
    for field in FIELDS:
        assert_same_bytes(getattr(mixed.panel, field), getattr(legs.panel, field))
    factor = 2.0**power
    scaled = arranged(
        bars.assign(**{c: bars[c] * factor for c in MONEY}), daily.assign(dividend=daily["dividend"] * factor), of
    )
    for symbol in legs.symbols:
        for values in ("log_return", "log_open", "log_high", "log_low"):
            assert_same_bytes(getattr(scaled.path(symbol), values), getattr(legs.path(symbol), values))


def test_a_missing_bar_carries_and_a_leg_without_bars_is_a_column_of_nothing():
    days = intraday.sessions("2024-07-01", "2024-07-03")
    bars, daily = intraday.market(2, days, minutes=60)
    of = bars_domain.grid(days, minutes=60)
    gap = bars[~bars["bar_end_utc"].isin(of["bar_end_utc"].iloc[[3, 4]])]
    legs = arranged(gap, daily, of, (*intraday.LEGS, "AAA"))
    assert legs.symbols == ["AAA", "QQQ", "SPY"]
    for field in ("open", "close", "volume", "gross", "carried"):
        assert np.isnan(getattr(legs.panel, field)[:, 0]).all()
    assert (legs.panel.gross[[3, 4], 1:] == 1).all()
    own = bars.set_index(["symbol", "bar_end_utc"])["close"].unstack("symbol").to_numpy()
    np.testing.assert_allclose(legs.panel.gross[5, 1:], own[5] / own[2], rtol=1e-15)
    assert (legs.panel.carried[3:5, 1:] == own[2]).all()
    empty = arranged(bars.iloc[:0], daily, of)
    assert empty.symbols == ["QQQ", "SPY"]
    assert np.isnan(empty.panel.close).all()


def test_places_are_rows_of_the_grid_wherever_it_begins():
    days = intraday.sessions("2024-07-01", "2024-07-03")
    bars, daily = intraday.market(2, days, minutes=60)
    of = bars_domain.grid(days, minutes=60, first_idx=500)
    assert arranged(bars, daily, of).places(of["t_idx"]).tolist() == list(range(len(of)))
