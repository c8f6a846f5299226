"""The report of the event engine says what the tables say, poor results too, escapes what it is given, and invents nothing."""

import dataclasses
import json
import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from trade_assets.domain import exported_events, metrics
from trade_assets.domain.models import calibration
from trade_assets.domain.report import events as page
from trade_assets.domain.report import traces
from trade_assets.domain.report.events import evidence, forecasts, history, now, record
from trade_assets_tests.event_tables import KEYS, LEGS, TERMS, made

HOSTILE = "<script>alert(1)</script>"
FACTS = {"Source": "sample"}
TABLES = [field.name for field in dataclasses.fields(page.EventTables)]


@pytest.fixture(scope="module")
def tables():
    return made()


@pytest.fixture(scope="module")
def found(tables):
    return page.find(tables, TERMS)


@pytest.fixture(scope="module")
def shown(found):
    return own_html(page.event_report(found, facts=FACTS))


def own_html(html):
    return html.replace(get_plotlyjs(), "")


def text_of(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html[html.index("</style>") :]))


def changed(tables, **frames):
    return dataclasses.replace(tables, **frames)


def emptied(tables):
    return page.EventTables(**{name: getattr(tables, name).iloc[:0] for name in TABLES})


def test_the_same_tables_give_the_same_bytes_in_any_row_order(tables, found):
    shuffled = page.EventTables(**{name: getattr(tables, name).sample(frac=1, random_state=1) for name in TABLES})
    other = page.find(shuffled, TERMS)
    assert page.event_report(other, facts=FACTS) == page.event_report(found, facts=FACTS)
    assert page.markdown(other, facts=FACTS) == page.markdown(found, facts=FACTS)
    assert json.dumps(exported_events.summary(other)) == json.dumps(exported_events.summary(found))


def test_no_table_is_changed(tables):
    before = {name: getattr(tables, name).copy() for name in TABLES}
    page.event_report(page.find(tables, TERMS), facts=FACTS)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(tables, name), before[name])


@pytest.mark.parametrize(
    "section",
    [
        "now",
        "gates",
        "performance",
        "edge",
        "probabilities",
        "rules",
        "folds",
        "models",
        "history",
        "definitions",
        "caveats",
    ],
)
def test_every_section_is_there_and_linked(tables, shown, section):
    empty = own_html(page.event_report(page.find(emptied(tables), TERMS), facts={}))
    for html in (shown, empty):
        assert html.count(f'<section id="{section}">') == 1
        assert f'href="#{section}"' in html


def test_empty_tables_give_a_page_that_says_so(tables):
    html = page.event_report(page.find(emptied(tables), TERMS), facts={})
    for told in (
        "The engine has not been run yet. Nothing to trade.",
        "not accepted",
        "Not shown",
        "No session has been measured yet.",
        "no event that had a model has an outcome yet",
        "Fewer than 50 judged events",
        "nothing to judge",
        "No event has been decided on yet.",
        "No position has been closed yet.",
        "No fold has been measured yet.",
        "No model has been fitted yet",
        "No parameters are stored yet.",
    ):
        assert told in html, told
    assert "plotly.js v" not in html
    assert "nan" not in text_of(html).lower().replace("finance", "").replace("financing", "")
    assert "not been run" in page.markdown(page.find(emptied(tables), TERMS), facts={})


@pytest.mark.parametrize("name", TABLES)
def test_any_one_table_may_be_empty(tables, name):
    found = page.find(changed(tables, **{name: getattr(tables, name).iloc[:0]}), TERMS)
    page.event_report(found, facts=FACTS)
    page.markdown(found, facts=FACTS)
    for told in (
        exported_events.summary(found),
        exported_events.portfolio_summary(found),
        exported_events.registry(found),
    ):
        json.dumps(told)


@pytest.mark.reliability("18")
def test_hostile_text_is_escaped_everywhere(tables):
    other = {
        name: getattr(tables, name).assign(symbol=getattr(tables, name)["symbol"].replace("AAA", HOSTILE))
        for name in TABLES
        if "symbol" in getattr(tables, name)
    }
    other["event_trades"] = other["event_trades"].assign(
        rule=other["event_trades"]["rule"].replace("position_open", HOSTILE)
    )
    other["event_book"] = other["event_book"].assign(closing=HOSTILE)
    models = tables.calibrated_models
    other["calibrated_models"] = models.assign(
        parameters=json.dumps({HOSTILE: HOSTILE}), model=models["model"].replace("ridge", HOSTILE),
        contributions=models["contributions"].where(models["contributions"].isna(), json.dumps({HOSTILE: 1.0})),
    )  # fmt: skip
    other["tuned_parameters"] = tables.tuned_parameters.assign(parameter=HOSTILE, source=HOSTILE, study=HOSTILE)
    terms = dataclasses.replace(TERMS, legs=((HOSTILE, HOSTILE + "x"),))
    found = page.find(changed(tables, **other), terms)
    html = own_html(page.event_report(found, facts={HOSTILE: HOSTILE}))
    assert HOSTILE not in html
    assert html.count("<script") == html.count("</script>") == 3
    assert html.count("&lt;script&gt;alert(1)") > 10
    assert HOSTILE not in page.markdown(found, facts={HOSTILE: HOSTILE})


def test_the_page_asks_nothing_of_the_network(shown):
    assert not re.search(r'(?:src|href|action)="(?!#|data:)', shown)
    assert not re.search(r"@import|url\(", shown)
    assert "default-src 'none'" in shown


def test_every_figure_is_one_that_plotly_accepts(shown):
    payload = json.loads(re.search(r'<script type="application/json" id="payload">(.*?)</script>', shown, re.S)[1])
    assert set(payload["figures"]) == {"equity", "drawdown", "rolling", "reliability", "coverage"}

    def filled(node):
        if node == traces.SESSIONS:
            return payload["sessions"]
        if isinstance(node, str) and node.startswith("--"):
            return traces.LIGHT[node[2:]]
        if isinstance(node, dict):
            return {key: filled(item) for key, item in node.items()}
        return [filled(item) for item in node] if isinstance(node, list) else node

    for figure in payload["figures"].values():
        go.Figure(filled(figure))


def test_a_held_leg_shows_its_fill_and_its_barriers_as_prices(found):
    held, ordered = found.state.legs
    assert (held.symbol, held.state, ordered.symbol, ordered.state) == ("AAA", "held", "BBB", "ordered")
    assert held.entry == pytest.approx(100 * np.exp(-0.01))
    assert held.profit_level == pytest.approx(held.entry * np.exp(0.05))
    assert held.loss_level == pytest.approx(held.entry * np.exp(-0.04))
    assert held.bars_left == 6
    assert np.isnan(ordered.entry)
    assert ordered.profit_level == pytest.approx(200 * np.exp(0.05))
    assert ordered.notional_usd == pytest.approx(0.25 * found.state.equity_usd / 2)
    assert [leg.symbol for leg in found.state.orders] == ["BBB"]


def test_a_short_has_its_profit_below_its_fill(tables):
    book = tables.event_book.assign(order_side=-1, position_frac=-0.3)
    held = now.state(book, tables.index_bars, TERMS).legs[0]
    assert held.entry == pytest.approx(100 * np.exp(0.01))
    assert held.profit_level == pytest.approx(held.entry * np.exp(-0.05))
    assert held.loss_level == pytest.approx(held.entry * np.exp(0.04))


def test_orders_come_first_and_say_when_they_fill(tables, shown):
    assert "<b>Enter BBB long with $" in shown
    assert "at the close of the next bar" in text_of(shown)
    real = page.find(tables, dataclasses.replace(TERMS, opens_are_real=True))
    assert "at the open of the next bar" in text_of(own_html(page.event_report(real, facts=FACTS)))


def test_a_killed_book_and_a_closing_leg_say_so(tables):
    book = tables.event_book.assign(
        is_killed=True, kill_sessions_left=7, closing="drawdown_kill_switch", is_ordered=False
    )
    text = text_of(own_html(page.event_report(page.find(changed(tables, event_book=book), TERMS), facts=FACTS)))
    assert "The drawdown kill switch holds the book flat for 7 more sessions." in text
    assert "Close AAA at the close of the next bar (drawdown kill switch)." in text


def test_nothing_held_and_nothing_ordered_is_nothing_to_trade(tables):
    book = tables.event_book.assign(order_side=0, is_ordered=False, position_frac=0.0)
    text = text_of(own_html(page.event_report(page.find(changed(tables, event_book=book), TERMS), facts=FACTS)))
    assert "Nothing to trade. Nothing is held." in text


def test_every_gate_has_its_sentence_on_the_page(found, shown):
    assert len(found.gates) == 5
    for gate in found.gates:
        assert gate.sentence.replace("'", "&#39;") in shown
    assert "Acceptance: not accepted" in shown
    assert "Catastrophic windows: " in shown


def test_the_figures_since_the_start_are_those_that_are_stored(tables, found):
    rows = tables.event_performance
    newest = rows[(rows["rebalance_date"] == rows["rebalance_date"].max()) & (rows["window"] == "since_start")]
    told = record.figures_of(found.key_figures, window="since_start", book="engine")
    for row in newest[newest["book"] == "engine"].itertuples():
        assert told[row.metric] == row.value


def test_figures_since_the_first_model_leave_the_waiting_out(tables, found):
    assert found.first_decision == tables.event_scores.merge(tables.events, on=KEYS)["session"].min()
    daily = tables.event_book.drop_duplicates("session")
    inside = daily[daily["session"] >= found.first_decision]
    told = record.figures_of(found.key_figures, window="since_model", book="engine")
    assert told["cagr"] == metrics.cagr(inside["book_return_frac"].to_numpy(), pd.DatetimeIndex(inside["session"]))
    monthly = 10_000 * metrics.total_return(inside["book_return_frac"].to_numpy()) / (len(inside) / 21)
    assert told["avg_monthly_usd"] == pytest.approx(monthly)


def test_brier_scores_are_those_of_events_with_a_model_and_an_outcome(tables, found):
    rows = tables.event_scores.merge(tables.event_outcomes, on=KEYS)
    used = found.probabilities[found.probabilities["is_used"]].iloc[0]
    assert used["n"] == len(rows) < len(tables.event_scores)
    assert used["brier"] == pytest.approx(calibration.brier_score(rows["p"].to_numpy(), rows["y"].to_numpy()))


def test_a_probability_of_the_target_is_judged_by_the_target(tables):
    found = page.find(tables, dataclasses.replace(TERMS, probability="target"))
    rows = tables.event_scores.merge(tables.event_outcomes, on=KEYS)
    hit = (rows["barrier"] == "profit").to_numpy(dtype=float)
    used = found.probabilities[found.probabilities["is_used"]].iloc[0]
    assert used["brier"] == pytest.approx(calibration.brier_score(rows["p"].to_numpy(), hit))
    assert "the profit barrier first" in page.event_report(found, facts=FACTS)


def test_noise_is_called_worse_than_a_constant(shown):
    assert "worse than always saying that share" in shown
    assert "not been shown to tell good events from bad ones" in shown


def test_the_funnel_narrows_and_the_gates_split_it(found):
    stages = found.funnel.set_index("stage")["n_all"]
    assert stages["Events"] >= stages["With a model before them"] >= stages["Through the gates"] >= stages["Entered"]
    assert stages["Refused by the gates"] + stages["Through the gates"] == stages["With a model before them"]


def test_each_rule_is_priced_by_what_its_events_went_on_to_earn(tables, found):
    rows = tables.event_trades[tables.event_trades["rule"] == "expected_value"]
    known = rows[KEYS].merge(tables.event_outcomes, on=KEYS)
    row = found.refusals.set_index("rule").loc["expected_value"]
    assert (row["n_all"], row["n"]) == (len(rows), len(known))
    assert row["mean_bps"] == pytest.approx(1e4 * known["net_logret"].mean())
    assert found.refusals["rule"].iloc[0] == "event"


def test_folds_are_all_there_a_year_at_a_time(tables, found, shown):
    dates = tables.event_performance["rebalance_date"].unique()
    assert found.folds["rebalance_date"].tolist() == sorted(dates)
    assert shown.count("<details>") == found.years["year"].nunique() == 2
    assert found.folds["end_equity"].iloc[-1] == pytest.approx(tables.event_book["book_equity"].iloc[-1])
    assert found.folds.index[found.folds["is_catastrophic"]].tolist() == [20]
    assert found.years["n_folds"].sum() == len(dates)
    assert (found.years["calmar"].abs() <= found.years["cagr"].abs() / 0.01 + 1e-9).all()


def test_four_years_stay_a_small_page():
    html = own_html(page.event_report(page.find(made(1000), TERMS), facts=FACTS))
    assert len(html) < 200_000
    assert html.count("<details>") == 4


def test_history_is_a_reference_with_the_gap_to_the_target(found, shown):
    text = text_of(shown)
    assert "a reference and never a gate" in text
    for told in (
        "10,019",
        "−2.26",
        "9.14",
        "19.1",
        "$14,602",
        "3.87%",
        "−8.60%",
        "$38.03",
        "6.98",
        "$161.97",
        "15 February 2026",
    ):
        assert told in text, told
    assert history.FACTS["calmar"].value == pytest.approx(0.0387 / 0.0860, abs=0.001)
    assert not any("history" in gate.name.lower() for gate in found.gates)


def test_caveats_follow_the_tables(tables, found):
    told = " ".join(found.notes)
    assert "opens are not real" in told
    assert "Indexes stand for ETFs (AAA for QQQ)" in told
    assert "SPY for SPY" not in told
    assert "no financing" in told
    assert "equal again at every close" in told
    assert "holds 40 events" in told
    real = page.find(tables, dataclasses.replace(TERMS, opens_are_real=True, legs=(("qqq", "QQQ"),)))
    assert "not real" not in " ".join(real.notes)
    assert "stand for ETFs" not in " ".join(real.notes)


def test_an_interval_counts_months_not_events():
    rng = np.random.default_rng(0)
    months = np.repeat(np.arange(40), 25)
    values = np.repeat(rng.normal(0, 1, 40), 25)
    clustered, single = evidence.mean_of(values, months), evidence.mean_of(values, np.arange(len(values)))
    assert clustered.error == pytest.approx(np.std(values[::25], ddof=1) / np.sqrt(40))
    assert clustered.error > 4 * single.error
    assert single.error == pytest.approx(np.std(values, ddof=1) / np.sqrt(len(values)))


def test_an_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    months = np.repeat(np.arange(30), 10)
    inside = 0
    for _ in range(400):
        made_ = evidence.mean_of(np.repeat(rng.normal(0, 1, 30), 10) + rng.normal(0, 1, 300), months)
        inside += made_.low <= 0 <= made_.high
    assert 0.92 < inside / 400 < 0.98


def test_one_month_has_no_interval_and_no_value_has_no_mean():
    one = evidence.mean_of(np.array([1.0, 2.0]), np.array([3, 3]))
    assert (one.n, one.mean) == (2, 1.5)
    assert np.isnan(one.low)
    assert not one.is_apart_from_zero
    assert np.isnan(evidence.mean_of(np.array([np.nan]), np.array([1])).mean)


def test_a_difference_is_that_of_the_means_and_undefined_without_two_sides():
    values, chosen = np.array([1.0, 2.0, 5.0, np.nan]), np.array([True, True, False, False])
    made_ = evidence.difference_of(values, chosen, np.array([1, 2, 3, 4]))
    assert made_.mean == pytest.approx(-3.5)
    assert np.isnan(evidence.difference_of(values, np.ones(4, dtype=bool), np.arange(4)).mean)


def test_a_score_that_knows_is_found_out(tables):
    told = tables.event_scores.merge(tables.event_outcomes[[*KEYS, "net_logret"]], on=KEYS, how="left")
    scores = tables.event_scores.assign(
        ev_final=told["net_logret"].fillna(0.0).to_numpy(), passes_ev=(told["net_logret"] > 0).to_numpy()
    )
    found = page.find(changed(tables, event_scores=scores), TERMS)
    assert found.rank_correlation == pytest.approx(1.0)
    assert found.buckets["mean_bps"].is_monotonic_increasing
    assert found.gate_gain.low > 0
    assert "the gates choose better events" in page.event_report(found, facts=FACTS)
    worse = changed(tables, event_scores=scores.assign(passes_ev=~scores["passes_ev"]))
    assert "<b>the gates choose the worse events</b>" in page.event_report(page.find(worse, TERMS), facts=FACTS)


def test_contributions_are_those_of_the_newest_classifier(found, shown):
    assert found.contributions["feature"].tolist() == ["autocorrelation_63", "bar_range", "move_1"]
    assert found.contributions["share"].sum() == pytest.approx(1.0)
    assert "Not used: move_1." in shown


def test_the_registry_names_every_model_by_its_artifact(found):
    told = exported_events.registry(found)
    assert set(told["models"]) == {
        "elastic_net",
        "lightgbm",
        "logistic",
        "quantile_10",
        "quantile_50",
        "quantile_90",
        "ridge",
    }
    assert told["models"]["lightgbm"]["artifact_sha256"] == "1" * 64
    assert told["models"]["lightgbm"]["calibrator_sha256"] == "c" * 64
    assert told["parameters"]["events.k"] == {"value": 1.5, "source": "search", "search_date": "2015-01-15"}
    assert told["parameters"]["events.phi"]["search_date"] is None


def test_the_portfolio_summary_holds_books_legs_and_gates(found):
    told = exported_events.portfolio_summary(found)
    assert set(told["books"]) == {"engine", "mock"}
    assert set(told["books"]["engine"]) == {"since_first_model", "last_year", "since_start"}
    assert set(told["legs"]) == set(LEGS)
    assert {"cagr", "max_drawdown", "calmar", "trades_per_month", "avg_monthly_usd"} <= set(told["legs"]["AAA"])
    assert told["target"]["is_a_gate"] is False
    assert [gate["requirement"] for gate in told["gates"]] == ["R-068", "R-069", "R-069", "R-070", "R-071"]


def test_files_keep_instants_to_the_second_and_one_row_a_fold_and_book(tables, found):
    trades = exported_events.trades(tables.event_trades)
    assert trades["decision_utc"].iloc[0] == "2015-01-05T21:00:00Z"
    folds = exported_events.folds(tables.event_performance)
    assert len(folds) == 2 * tables.event_performance["rebalance_date"].nunique()
    equity = exported_events.equity(found)
    assert list(equity.columns[:5]) == ["date", "engine_return", "engine_equity", "mock_return", "mock_equity"]
    assert equity["engine_equity"].iloc[-1] == pytest.approx(tables.event_book["book_equity"].iloc[-1])


def test_bins_hold_every_judged_event(tables, found):
    for _, bins in found.reliability.groupby("kind"):
        assert bins["n"].sum() == len(found.known)
    filled = found.reliability[found.reliability["n"] > 0]
    assert ((filled["low"] <= filled["mean_y"]) & (filled["mean_y"] <= filled["high"])).all()


def test_coverage_is_counted_whole_and_by_year(tables, found):
    rows = forecasts.judged(tables, TERMS)
    whole = found.coverage.iloc[0]
    assert whole["band"] == pytest.approx(rows["net_logret"].between(-0.03, 0.03).mean())
    assert found.coverage["n"].iloc[1:].sum() == whole["n"] == len(rows)
