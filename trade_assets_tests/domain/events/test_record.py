"""The record of the engine: numbers by hand, windows by the calendar, and only forecasts whose outcome was known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets import schemas
from trade_assets.domain import calendar, metrics
from trade_assets.domain.events import conformal, performance, record
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, LEGS, SEEDS, SESSIONS, leg_dates

DATES = leg_dates(171, every=5)  # 35 rebalances
CLOSES = calendar.close_utc(SESSIONS[:171])
YEAR = 26


def book_of(returns, *, turnover=None, entries=None, net=None):
    """Rows of an event book with two legs that do the same, from the first session on."""
    n = len(returns)
    days = DATES.sessions().iloc[:n]
    numbers = {
        "book_return_frac": returns,
        "turnover_frac": np.zeros(n) if turnover is None else turnover,
        "cost_frac": 0.0002 * (np.zeros(n) if turnover is None else np.asarray(turnover)),
        "n_entries": np.zeros(n, dtype=int) if entries is None else entries,
        "n_exits": np.zeros(n, dtype=int) if entries is None else entries,
        "net_logret": np.zeros(n) if net is None else net,
        "is_killed": False,
    }
    table = days[["rebalance_date", "session"]].assign(**numbers)
    return pd.concat([table.assign(symbol=leg) for leg in LEGS], ignore_index=True)


def random_book(seed, n=len(SESSIONS[:171])):
    rng = np.random.default_rng(seed)
    entries = rng.integers(0, 3, n)
    return book_of(
        rng.normal(0.0005, 0.01, n), turnover=rng.exponential(0.3, n), entries=entries, net=rng.normal(0, 0.01, n)
    )


def forecasts(seed, n=400):
    """Scores of events, and what became of them one to eight sessions on; the last are not known yet."""
    rng = np.random.default_rng(seed)
    at, side = np.sort(rng.integers(0, 171, n)), rng.choice([1, -1], n)
    keys = pd.DataFrame({"decision_utc": CLOSES[at], "symbol": rng.choice(LEGS, n), "side": side})
    kept = ~keys.duplicated()
    keys, at, n = keys[kept].reset_index(drop=True), at[kept], int(kept.sum())
    places = DATES.dates.searchsorted(SESSIONS[:171])
    net, middle = rng.normal(0, 0.01, n), rng.normal(0, 0.005, n)
    scores = keys.assign(
        rebalance_date=DATES.dates[places[at]], p=rng.random(n), raw_p_lightgbm=rng.random(n), q10=middle - 0.01,
        q90=middle + 0.01, passes_ev=rng.random(n) < 0.5, passes_tp_to_cost=rng.random(n) < 0.8,
    )  # fmt: skip
    end = at + rng.integers(1, 9, n)
    known = end < 171
    barrier = np.where(rng.random(n) < 0.05, "unfilled", "time")
    net = np.where(barrier == "unfilled", np.nan, net)
    outcomes = keys.assign(
        rebalance_date=DATES.dates[places[np.minimum(end, 170)]], label_end_utc=CLOSES[np.minimum(end, 170)],
        barrier=barrier, net_logret=net, y=np.where(np.isnan(net), np.nan, net > 0),
    )[known]  # fmt: skip
    return scores, outcomes


def test_the_metrics_of_a_book_by_hand():
    returns = [0.10, -0.20, 0.05, 0.0, 0.0]
    daily = record.sessions(
        book_of(returns, turnover=[1.0, 0.5, 0, 0, 0], entries=[1, 1, 1, 0, 0], net=[0.01, 0.002, 0, 0, 0])
    )
    told = dict(record.book_metrics(daily, is_long=True))
    growth = 1.10 * 0.80 * 1.05
    days = (SESSIONS[4] - SESSIONS[0]).days + 1  # from Monday's close to next Monday
    assert told["total_return"] == pytest.approx(growth - 1)
    assert told["end_equity"] == pytest.approx(growth)
    assert told["max_drawdown"] == pytest.approx(-0.20)
    assert told["n_trades"] == 6  # two legs
    assert told["trades_per_month"] == pytest.approx(6 / (5 / 21))
    assert told["net_bps_mean"] == pytest.approx(1e4 * 0.024 / 6)
    assert told["turnover"] == pytest.approx(1.5)
    assert told["cost"] == pytest.approx(0.0003)
    assert told["cagr"] == pytest.approx(growth ** (365.25 / days) - 1)
    assert told["calmar"] == pytest.approx(told["cagr"] / 0.20)
    assert told["avg_monthly_return"] == pytest.approx((growth - 1) / (5 / 21))
    assert "calmar" not in dict(record.book_metrics(daily, is_long=False))


def test_a_calmar_ratio_is_not_measured_against_less_than_one_per_cent():
    days = SESSIONS[:20]
    returns = np.full(20, 0.001)
    assert record.calmar(returns, days) == pytest.approx(metrics.cagr(returns, days) / 0.01)
    returns[3] = -0.005
    assert record.calmar(returns, days) == pytest.approx(metrics.cagr(returns, days) / 0.01)


def test_a_book_without_a_trade_has_no_mean_trade():
    told = dict(record.book_metrics(record.sessions(book_of([0.0] * 5)), is_long=True))
    assert np.isnan(told["net_bps_mean"])
    assert (told["n_trades"], told["turnover"], told["calmar"]) == (0.0, 0.0, 0.0)
    assert np.isnan(told["sharpe_ratio"])


def test_the_metrics_of_forecasts_by_hand():
    known = pd.DataFrame(
        {"p": [0.65, 0.65, 0.25, 0.95], "raw_p": [0.5] * 4, "y": [1.0, 0.0, 0.0, 1.0],
         "net_logret": [0.01, -0.02, -0.01, 0.03], "passes_ev": [True, True, False, True],
         "passes_tp_to_cost": [True, False, True, True], "low": [-0.01] * 4, "high": [0.02] * 4,
         "q10": [-0.02] * 4, "q90": [0.01] * 4}
    )  # fmt: skip
    told = dict(record.forecast_metrics(record.forecast_sums(known)))
    assert (told["n_events"], told["n_gated"], told["base_rate"]) == (4, 2, 0.5)
    assert told["edge_bps"] == pytest.approx(25.0)
    assert told["gated_edge_bps"] == pytest.approx(200.0)
    assert told["brier"] == pytest.approx((0.35**2 + 0.65**2 + 0.25**2 + 0.05**2) / 4)
    assert told["brier_uncalibrated"] == pytest.approx(0.25)
    assert told["ece"] == pytest.approx((2 * 0.15 + 0.25 + 0.05) / 4)
    assert told["ece_uncalibrated"] == pytest.approx(0.0)
    assert told["band_coverage"] == 0.5  # the ends count, -0.02 and 0.03 lie outside
    assert told["quantile_coverage"] == 0.75
    assert (told["bin_6_n"], told["bin_6_mean_p"], told["bin_6_mean_y"]) == (2, pytest.approx(0.65), 0.5)
    assert np.isnan(told["bin_0_mean_p"])


def test_without_a_forecast_its_metrics_are_undefined_not_zero():
    nothing = record.judged(*forecasts(1)).iloc[:0].assign(low=0.0, high=0.0)
    told = dict(record.forecast_metrics(record.forecast_sums(nothing)))
    assert told.pop("n_events") == told.pop("n_gated") == 0
    assert {v for n, v in told.items() if n.endswith("_n")} == {0.0}
    assert np.isnan([v for n, v in told.items() if not n.endswith("_n")]).all()


@pytest.mark.parametrize(
    ("turnover", "drawdown", "expected"),
    [
        ([2.0, 2.0, 2.0], -0.24, False),
        ([2.0, 2.0, 2.0], -0.24 - 1e-9, True),
        ([1.0, 1.0, 3.0], 0.0, False),
        ([1.0, 1.0, 3.1], 0.0, True),
        ([0.1, 0.1, 0.9], 0.0, False),  # more than usual, but less than the capital
        ([0.0, 0.0, 2.0], 0.0, False),  # its own median: folds that trade nothing do not make it unusual
        ([0.0, 0.0, 0.0], 0.0, False),
        ([5.0, 0.5, 0.5, 0.5], 0.0, False),  # another fold did it
    ],
)
def test_a_fold_is_catastrophic_by_twice_the_drawdown_or_three_times_the_turnover(turnover, drawdown, expected):
    assert record.is_catastrophic(np.array(turnover), drawdown, drawdown_cap=0.12) is expected


def measured(books, known, *, dates=DATES, previous=None):
    previous = schemas.TABLES["event_performance"].empty() if previous is None else previous
    how = {"dates": dates, "grid_dates": DATES, "year": YEAR, "drawdown_cap": 0.02}
    return performance.table(books, known, previous, **how)


def pivoted(table, window, book="engine"):
    own = table[(table["window"] == window) & (table["book"] == book)]
    return own.pivot(index="rebalance_date", columns="metric", values="value")


def judged(seed):
    known = record.judged(*forecasts(seed))
    return known.assign(low=known["q10"] - 0.002, high=known["q90"] + 0.001)


@FEW
@given(SEEDS)
def test_every_window_is_measured_over_its_own_sessions_and_outcomes(seed):
    books, known = {"engine": random_book(seed), "mock": random_book(seed + 1)}, judged(seed)
    table = measured(books, known)
    checked = schemas.check("event_performance", schemas.TABLES["event_performance"], table)
    for book, rows in books.items():
        daily = record.sessions(rows)
        for window in ("fold", "year", "since_start"):
            found = pivoted(checked, window, book)
            assert len(found) == (len(DATES) - YEAR + 1 if window == "year" else len(DATES))
            for date in found.index[[0, len(found) // 2, -1]]:
                at = DATES.position(date)
                first = {"fold": at, "year": at - YEAR + 1, "since_start": 0}[window]
                inside = DATES.dates[first : at + 1]
                own = daily[daily["rebalance_date"].isin(inside)]
                wanted = dict(record.book_metrics(own, is_long=window != "fold"))
                if book == "engine":
                    seen = known[known["known_at"].isin(inside)]
                    wanted |= dict(record.forecast_metrics(record.forecast_sums(seen)))
                for name, value in wanted.items():
                    assert found.loc[date, name] == pytest.approx(value, rel=1e-9, abs=1e-12, nan_ok=True), name


@FEW
@given(SEEDS, st.integers(1, len(DATES) - 1))
def test_cut_anywhere_the_record_has_the_same_bytes(seed, cut):
    books, known = {"engine": random_book(seed), "mock": random_book(seed + 1)}, judged(seed)
    whole = measured(books, known)
    early, late = (
        DATES.between(a, b) for a, b in ((DATES.dates[0], DATES.dates[cut - 1]), (DATES.dates[cut], DATES.dates[-1]))
    )
    first = measured(books, known, dates=early)
    state = first[first["rebalance_date"] == DATES.dates[cut - 1]]
    window = DATES.window(DATES.dates[cut], last=YEAR)
    near = {name: book[book["rebalance_date"] >= window[0]] for name, book in books.items()}
    second = measured(near, known[known["known_at"] >= window[0]], dates=late, previous=state)
    assert_same_bytes(whole, pd.concat([first, second], ignore_index=True))


@FEW
@given(SEEDS, st.integers(0, len(DATES) - 2))
def test_what_becomes_known_later_changes_no_number_of_a_date(seed, at):
    books, known, date = {"engine": random_book(seed)}, judged(seed), DATES.dates[at]
    later = known["known_at"] > date
    changed = known.assign(p=known["p"].mask(later, 0.5), net_logret=known["net_logret"].mask(later, 9.0))
    other = random_book(seed + 2)
    books_changed = {"engine": pd.concat([books["engine"][lambda b: b["rebalance_date"] <= date],
                                          other[other["rebalance_date"] > date]])}  # fmt: skip
    until = DATES.between(DATES.dates[0], date)
    assert_same_bytes(measured(books, known, dates=until), measured(books_changed, changed, dates=until))


def test_catastrophic_folds_are_counted_since_the_start():
    returns = np.zeros(171)
    returns[[20, 60]] = -0.05, -0.03  # the cap is 2 %, so only the first falls by more than twice of it
    turnover = np.full(171, 0.5)
    turnover[101] = 8.0
    found = pivoted(measured({"engine": book_of(returns, turnover=turnover)}, judged(1)), "since_start")
    counts = found["n_catastrophic_folds"]
    at = [int(counts.index.searchsorted(SESSIONS[day])) for day in (20, 60, 101)]
    assert counts.iloc[at[0] - 1] == 0
    assert counts.iloc[at[0]] == counts.iloc[at[1]] == counts.iloc[at[2] - 1] == 1
    assert (counts.iloc[at[2] :] == 2).all()


def bands(scores, outcomes, *, dates=DATES, last=6):
    return record.bands(
        scores, outcomes, dates, grid_dates=DATES, last=last, miss_rate=0.2, step=0.02, window=60
    )  # fmt: skip


@FEW
@given(SEEDS, st.integers(1, 10))
def test_a_band_learns_from_outcomes_known_by_its_decision_within_the_last_rebalances(seed, last):
    scores, outcomes = forecasts(seed, 250)
    found = bands(scores, outcomes, last=last)
    schemas.check("event_bands", schemas.TABLES["event_bands"], found)
    assert_same_bytes(found[record.KEYS], scores[record.KEYS])
    both = scores.merge(outcomes, on=record.KEYS, suffixes=("", "_known"))
    both = both[both["net_logret"].notna()]
    for row in found.iloc[:: len(found) // 12].itertuples():
        at = DATES.position(row.rebalance_date)
        visible = DATES.dates[max(0, at - last + 1) : at + 1]
        seen = both[
            both["rebalance_date"].isin(visible) & both["rebalance_date_known"].isin(visible)
            & (both["label_end_utc"] <= row.decision_utc)
        ]  # fmt: skip
        known = pd.DataFrame({"decided_utc": seen["decision_utc"], "known_utc": seen["label_end_utc"],
                              "q_low": seen["q10"], "q_high": seen["q90"], "y": seen["net_logret"]})  # fmt: skip
        own = scores.loc[[row.Index]]
        asked = pd.DataFrame({"decided_utc": own["decision_utc"], "q_low": own["q10"], "q_high": own["q90"]})
        wanted = conformal.bands(known, asked, alpha=0.2, gamma=0.02, window=60, min_known=record.MIN_KNOWN).iloc[0]
        assert (row.low, row.high, row.miss_rate, row.n_known) == tuple(wanted)
        assert row.n_known == min(60, len(seen))


@FEW
@given(SEEDS, st.integers(1, len(DATES) - 1))
def test_bands_made_one_date_at_a_time_and_without_later_rows_are_the_same(seed, at):
    scores, outcomes = forecasts(seed, 250)
    whole, date = bands(scores, outcomes), DATES.dates[at]
    inside = DATES.window(date, last=6)
    alone = bands(
        scores[scores["rebalance_date"].isin(inside)],
        outcomes[outcomes["rebalance_date"].isin(inside)],
        dates=DATES.between(date, date),
    )
    assert_same_bytes(alone, whole[whole["rebalance_date"] == date].reset_index(drop=True))


def test_an_unfilled_event_is_not_judged_and_an_event_is_judged_once():
    scores, outcomes = forecasts(3)
    found = record.judged(scores, outcomes)
    assert len(found) == outcomes["net_logret"].notna().sum()
    assert "unfilled" not in set(found["barrier"])
    assert not found.duplicated(record.KEYS).any()
    assert (found["known_at"] >= found["rebalance_date"]).all()
