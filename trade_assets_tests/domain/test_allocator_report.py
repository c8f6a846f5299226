"""The report of the allocator says what the tables say, and what is in force; its steps multiply out, and it invents nothing."""

import dataclasses
import html
import json
import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plotly.offline import get_plotlyjs

from trade_assets.domain import exported_allocator, metrics
from trade_assets.domain.allocator import acceptance
from trade_assets.domain.report import allocator as page
from trade_assets.domain.report import traces
from trade_assets.domain.report.allocator import decision, glossary
from trade_assets.domain.report.writing import in_unit
from trade_assets_tests.allocator_tables import LIMITS, TERMS, accepted, made

HOSTILE = "<script>alert(1)</script>"
FACTS = {"Source": "sample"}
TABLES = [field.name for field in dataclasses.fields(page.AllocatorTables)]
SECTIONS = ["now", "steps", "gates", "performance", "charts", "models", "folds", "reading", "definitions"]
ALONE = dataclasses.replace(TERMS, legs=TERMS.legs[:1])


@pytest.fixture(scope="module")
def tables():
    return made()


@pytest.fixture(scope="module")
def found(tables):
    return page.find(tables, TERMS)


@pytest.fixture(scope="module")
def shown(found):
    return own_html(page.allocator_report(found, facts=FACTS))


def own_html(text):
    return text.replace(get_plotlyjs(), "")


def text_of(page_html):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page_html[page_html.index("</style>") :])))


def changed(tables, **frames):
    return dataclasses.replace(tables, **frames)


def emptied(tables):
    return page.AllocatorTables(**{name: getattr(tables, name).iloc[:0] for name in TABLES})


def shown_of(tables, terms=TERMS):
    return own_html(page.allocator_report(page.find(tables, terms), facts=FACTS))


def waiting(tables):
    """The same history before its first model."""
    book, allocation = tables.allocated_book, tables.allocation
    first = book.loc[book["is_judged"], "session"].min()
    return changed(
        tables, allocated_book=book[book["session"] < first], allocation=allocation[allocation["session"] < first].assign(has_model=False),
        **{name: getattr(tables, name).iloc[:0] for name in TABLES if name not in ("allocation", "allocated_book")},
    )  # fmt: skip


def percent_of(page_html, pattern):
    return [float(value.replace("−", "-")) / 100 for value in re.findall(pattern, page_html)]


def step(page_html, column):
    return percent_of(page_html, rf'data-step="{column}">([^<]*)%')[0]


def test_the_same_tables_give_the_same_bytes_in_any_row_order(tables, found):
    shuffled = page.AllocatorTables(**{name: getattr(tables, name).sample(frac=1, random_state=1) for name in TABLES})
    other = page.find(shuffled, TERMS)
    assert page.allocator_report(other, facts=FACTS) == page.allocator_report(found, facts=FACTS)
    assert page.markdown(other, facts=FACTS) == page.markdown(found, facts=FACTS)
    assert json.dumps(exported_allocator.summary(other)) == json.dumps(exported_allocator.summary(found))


def test_no_table_is_changed(tables):
    before = {name: getattr(tables, name).copy() for name in TABLES}
    page.allocator_report(page.find(tables, TERMS), facts=FACTS)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(tables, name), before[name])


@pytest.mark.parametrize("section", SECTIONS)
def test_every_section_is_there_and_linked_in_every_state(tables, shown, section):
    for told in (shown, shown_of(emptied(tables)), shown_of(waiting(tables)), shown_of(accepted(tables))):
        assert told.count(f'<section id="{section}">') == 1
        assert f'href="#{section}"' in told


def test_the_decision_comes_first(shown):
    assert [shown.index(f'<section id="{name}">') for name in SECTIONS] == sorted(
        shown.index(f'<section id="{name}">') for name in SECTIONS
    )


def test_empty_tables_give_a_page_that_says_so(tables):
    told = shown_of(emptied(tables))
    for sentence in (
        "has not been run yet: the event engine's equal parts are in force",
        "There is no decision yet.",
        "Not shown",
        "No session has been decided by a model yet.",
        "No model has been fitted yet",
        "No window has been decided by a model yet.",
        "There is no judged year yet.",
    ):
        assert sentence in told, sentence
    assert "plotly.js v" not in told
    assert not re.search(r"\bnan\b", text_of(told).lower())
    assert "not been run" in page.markdown(page.find(emptied(tables), TERMS), facts={})


def test_before_the_first_model_the_engine_stays_in_force_and_nothing_is_judged(tables):
    found = page.find(waiting(tables), TERMS)
    told = text_of(shown_of(waiting(tables)))
    assert not found.is_accepted
    assert found.in_force == decision.Shares(0.5, 0.5, 0.0)
    for sentence in (
        "Hold 50.0% in the QQQ sleeve, 50.0% in the SPY sleeve, 0.0% in cash",
        "the event engine's equal parts stay in force",
        "No model is in force yet: the weight goes to the middle.",
        "nothing is judged yet",
    ):
        assert sentence in told, sentence


def test_one_leg_alone_has_all_of_what_is_invested():
    tables = made(30, present=(True, False))
    found = page.find(tables, ALONE)
    told = text_of(shown_of(tables, ALONE))
    assert found.in_force == decision.Shares(1.0, 0.0, 0.0)
    assert "Hold 100.0% in the QQQ sleeve, 0.0% in cash" in told
    assert "There is one sleeve only" in told
    assert "SPY sleeve" not in told[: told.index("Definitions", 400)]
    assert set(found.labels) == {"allocated", "engine", "qqq", "index_qqq"}


@pytest.mark.parametrize("name", TABLES)
def test_any_one_table_may_be_empty(tables, name):
    found = page.find(changed(tables, **{name: getattr(tables, name).iloc[:0]}), TERMS)
    page.allocator_report(found, facts=FACTS)
    page.markdown(found, facts=FACTS)
    json.dumps(exported_allocator.summary(found))


def test_what_is_not_accepted_leaves_the_engine_in_force_and_names_the_gates(found, shown):
    assert not found.is_accepted
    told = text_of(shown)
    first = told[: told.index("What moved the weight", 600)]
    assert f"not accepted ({len(found.failed)} gates failed): the event engine's equal parts stay in force." in first
    assert "Left to itself the allocator would hold" in first
    for gate in found.failed:
        assert f"{gate.name}. {gate.sentence}" in first


def test_what_is_accepted_is_in_force_and_says_what_to_trade(tables):
    found = page.find(accepted(tables), TERMS)
    told = text_of(shown_of(accepted(tables)))
    assert found.is_accepted
    assert found.in_force == found.decision.wanted
    assert "The allocator is accepted: its weights are in force." in told
    assert f"Hold {found.decision.wanted.qqq:.1%} in the QQQ sleeve, {found.decision.wanted.spy:.1%}" in told
    assert ("To be traded:" in told) == found.decision.is_traded
    still = changed(accepted(tables), allocation=tables.allocation.assign(is_traded=False))
    assert "Nothing is to be traded." in text_of(shown_of(still))


def test_every_gate_is_on_the_page_with_its_sentence_and_those_that_only_warn_say_so(found, shown):
    table = shown[shown.index('<section id="gates">') : shown.index('<section id="performance">')]
    assert table.count("<tr>") == len(found.gates) + 1
    for gate in found.gates:
        assert html.escape(gate.sentence, quote=False).replace("'", "&#39;") in table
        assert f'{gate.name} <span class="ci">{gate.requirement}' in table
    assert table.count("only warns") == sum(gate.severity == "warn" for gate in found.gates) == 2


def test_the_verdict_is_the_stored_one(tables, found):
    rows = tables.allocator_report
    stored = rows[(rows["rebalance_date"] == rows["rebalance_date"].max()) & (rows["book"] == "allocated")]
    stored = stored.set_index("metric")["value"]
    assert float(found.is_accepted) == stored["is_accepted"]
    assert len(found.failed) == stored["n_failed_gates"]


def test_the_numbers_of_the_page_multiply_out(shown):
    product = step(shown, "drawdown_guard") * step(shown, "volatility_scale") * step(shown, "drift_throttle")
    assert step(shown, "product") == pytest.approx(product, abs=3e-4)
    assert step(shown, "w_qqq") == pytest.approx(step(shown, "gross") * step(shown, "mix_qqq"), abs=2e-4)
    assert step(shown, "w_spy") == pytest.approx(step(shown, "gross") * (1 - step(shown, "mix_qqq")), abs=2e-4)
    assert step(shown, "w_qqq") + step(shown, "w_spy") + step(shown, "cash") == pytest.approx(1.0, abs=2e-4)
    alpha = TERMS.rulebook.rules.alpha
    smoothed = alpha * step(shown, "held_mix") + (1 - alpha) * step(shown, "raw_mix")
    assert step(shown, "smoothed_mix") == pytest.approx(smoothed, abs=2e-4)


@given(data=st.data())
def test_the_steps_of_any_session_multiply_out_and_their_changes_add_up(data):
    tables = made(20, seed=data.draw(st.integers(0, 20)), first_model=4)
    last = data.draw(st.integers(0, len(tables.allocation) - 1))
    newest = decision.newest(tables.allocation.iloc[: last + 1], tables.allocator_features, TERMS)
    of = {each.column: each for each in (*newest.split, *newest.scale)}
    assert of["w_qqq"].value == pytest.approx(of["gross"].value * of["mix_qqq"].value)
    assert of["w_qqq"].value + of["w_spy"].value + of["cash"].value == pytest.approx(1.0)
    assert newest.split[0].value + sum(each.change for each in newest.split[1:]) == pytest.approx(of["mix_qqq"].value)
    assert newest.wanted.qqq - newest.held.qqq == pytest.approx(of["w_qqq"].change)
    assert sum(newest.moved(role) for role in ("qqq", "spy", "cash")) == pytest.approx(0.0, abs=1e-9)
    held = newest.held.qqq + newest.held.spy
    gross = min(of["product"].value, held + LIMITS.daily_cap)
    assert of["gross"].value == pytest.approx(held if abs(gross - held) < LIMITS.band else gross)
    assert ("it stays" in of["gross"].sentence) == (abs(of["gross"].value - held) < 1e-12)


def test_a_decision_is_filled_at_the_close_of_the_next_session(found):
    assert found.decision.filled_on > found.decision.session
    assert (found.decision.filled_on - found.decision.session).days <= 5


@pytest.mark.parametrize("window", ["since_model", "year"])
def test_every_figure_is_the_one_that_is_stored(tables, shown, window):
    rows = tables.allocator_report
    newest = rows[(rows["rebalance_date"] == rows["rebalance_date"].max()) & (rows["window"] == window)]
    stored = newest.set_index(["book", "metric"])["value"]
    cells = re.findall(rf'data-metric="(\w+)" data-window="{window}" data-book="(\w+)">([^<]*)<', shown)
    assert len({book for _, book, _ in cells}) == 8
    for metric, book, written in cells:
        assert written == in_unit(stored.get((book, metric), np.nan), glossary.METRICS[metric].unit)


def test_the_equity_chart_ends_at_the_stored_equity(tables, found):
    rows = tables.allocator_report
    newest = rows[(rows["rebalance_date"] == rows["rebalance_date"].max()) & (rows["metric"] == "end_equity")]
    assert found.book["is_judged"].all()
    for book, column in (("allocated", "return_frac"), ("engine", "engine_return_frac")):
        stored = newest.loc[newest["book"] == book, "value"].iloc[0]
        assert metrics.wealth(found.book[column].to_numpy())[-1] == pytest.approx(stored)


def test_the_page_asks_nothing_of_the_network(shown):
    assert not re.search(r'(?:src|href|action)="(?!#|data:)', shown)
    assert not re.search(r"@import|url\(", shown)
    assert "default-src 'none'" in shown


def test_every_figure_is_one_that_plotly_accepts(shown):
    payload = json.loads(re.search(r'<script type="application/json" id="payload">(.*?)</script>', shown, re.S)[1])
    assert set(payload["figures"]) == {
        "equity", "indices", "underwater", "weights", "gross", "rolling", "blend", "skill", "calibration", "corners",
    }  # fmt: skip

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


def test_a_blend_of_little_but_the_base_rate_is_called_so(tables, found, shown):
    assert not found.knows_little
    assert found.has_learned
    assert "says little more than the base rate" not in shown
    models = tables.allocator_models
    heavy = models.assign(blend_weight=models["blend_weight"].where(models["model"] != "base", 0.7))
    assert "<b>The blend says little more than the base rate</b>, which has 70% of its weight" in shown_of(
        changed(tables, allocator_models=heavy)
    )
    worse = models.assign(inner_loss=models["inner_loss"].where(models["model"] == "base", 3.0))
    told = shown_of(changed(tables, allocator_models=worse))
    assert "no model did better than it on the inner tests" in told
    assert "no model has had a lower mean loss than it" in told


def test_losses_are_told_against_the_base_rate_fit_by_fit(tables, found):
    of = found.classifiers.set_index("model")
    assert found.classifiers["model"].iloc[0] == "base"
    assert of.loc["ridge", "excess"] == pytest.approx(-0.03)
    assert of.loc["elastic_net", "mean_excess"] == pytest.approx(0.02)
    assert (of.loc["ridge", "n_beats"], of.loc["elastic_net", "n_beats"]) == (of.loc["ridge", "n_fits"], 0)
    assert len(found.by_fit) == tables.allocator_models["retrain_date"].nunique()


def test_a_risk_that_raises_its_sleeve_is_marked(found, shown):
    assert found.responses.set_index("risk")["is_wrong"].to_dict() == {
        "qqq_volatility_21": False, "spy_downside_63": True,
    }  # fmt: skip
    assert '<tr class="bad"><th scope="row">SPY sleeve: downside of the last quarter</th><td class="n">+3.00%' in shown


def test_importances_are_those_of_the_newest_fit_without_what_is_not_used(found):
    assert found.importances["feature"].tolist() == ["drift_intensity", "qqq_return_5"]


def test_years_hold_every_judged_session_and_folds_every_judged_window(tables, found):
    judged = tables.allocated_book[tables.allocated_book["is_judged"]]
    assert found.years["n_sessions"].sum() == len(judged)
    assert found.folds["rebalance_date"].tolist() == sorted(judged["rebalance_date"].unique())
    compounded = np.prod(1 + found.years["total_return"])
    assert compounded == pytest.approx(np.prod(1 + judged["return_frac"]))
    assert np.prod(1 + found.folds["total_return"]) == pytest.approx(compounded)
    assert found.folds["calmar"].notna().sum() == found.rolling["allocated"].notna().sum() > 0


def test_holding_less_is_told_apart_from_choosing_well(tables, found, shown):
    judged = tables.allocated_book[tables.allocated_book["is_judged"]]
    share = (1 - judged["cash"]).mean()
    assert found.working.share == pytest.approx(share)
    assert found.working.engine_return == pytest.approx(np.prod(1 + share * judged["engine_return_frac"]) - 1)
    assert f"On average {share:.0%} of the allocated book was in the sleeves" in text_of(shown)
    flat = changed(tables, allocated_book=tables.allocated_book.assign(w_qqq=0.5, w_spy=0.5, cash=0.0))
    assert page.find(flat, TERMS).working.engine_return == pytest.approx(
        found.figures["since_model"]["engine"]["total_return"]
    )


def test_four_years_stay_a_small_page():
    assert len(own_html(page.allocator_report(page.find(made(104), TERMS), facts=FACTS))) < 250_000


def test_parameters_say_where_they_come_from(tables, shown):
    assert "alpha0.5settings" in text_of(shown)
    day = pd.Timestamp("2014-01-02")
    searched = tables.allocator_parameters.assign(value=0.25, source="search", search_date=day)
    assert "alpha0.25search of 2014-01-02" in text_of(shown_of(changed(tables, allocator_parameters=searched)))
    none = changed(tables, allocator_parameters=tables.allocator_parameters.iloc[:0])
    assert "Parameters in force" not in shown_of(none)


@pytest.mark.reliability("18")
def test_hostile_text_is_escaped_everywhere(tables):
    models = tables.allocator_models
    details = models["details"].where(models["model"] != "lightgbm", json.dumps({"importances": {HOSTILE: 1.0}}))
    details = details.where(models["model"] != "blend", json.dumps({"responses": {HOSTILE: 0.5}, "calibration": HOSTILE}))  # fmt: skip
    parameters = tables.allocator_parameters.assign(study=HOSTILE, parameter=HOSTILE, source=HOSTILE)
    other = changed(
        tables, allocator_parameters=parameters, allocator_models=models.assign(details=details, model=models["model"].replace("ridge", HOSTILE))
    )  # fmt: skip
    terms = dataclasses.replace(TERMS, legs=(("qqq", HOSTILE), ("spy", "SPY")))
    found = page.find(other, terms)
    told = own_html(page.allocator_report(found, facts={HOSTILE: HOSTILE}))
    assert HOSTILE not in told
    assert told.count("<script") == told.count("</script>") == 3
    assert told.count("&lt;script&gt;alert(1)") > 6
    assert HOSTILE not in page.markdown(found, facts={HOSTILE: HOSTILE})


def test_caveats_follow_the_tables(tables, found):
    told = " ".join(found.notes)
    for sentence in ("filled at the next close", "costs nothing", "without a cost for doing so", "they are not judged", "AAA for QQQ", "not the best in hindsight"):  # fmt: skip
        assert sentence in told, sentence
    assert "SPY for SPY" not in told
    book = tables.allocated_book
    still = book.assign(qqq_return_frac=0.0, spy_return_frac=0.0)
    assert "On 100% of the judged sessions neither sleeve" in " ".join(
        page.find(changed(tables, allocated_book=still), TERMS).notes
    )


def test_the_summary_says_what_is_in_force_and_holds_gates_figures_and_the_decision(tables, found):
    told = exported_allocator.summary(found)
    assert told["in_force"] == {"by": "event engine, equal parts", "w_qqq": 0.5, "w_spy": 0.5, "cash": 0.0}
    assert told["failed_gates"] == [gate.name for gate in acceptance.gates_of(tables.allocator_report, TERMS.limits) if not gate.passed and gate.severity == "error"]  # fmt: skip
    assert set(told["books"]) == set(found.labels)
    assert told["books"]["engine"]["since_first_model"]["calmar"] == found.figures["since_model"]["engine"]["calmar"]
    assert told["decision"]["wanted"]["w_qqq"] == tables.allocation["w_qqq"].iloc[-1]
    taken = exported_allocator.summary(page.find(accepted(tables), TERMS))
    assert taken["in_force"]["by"] == "allocator"
    assert taken["in_force"]["w_qqq"] == told["decision"]["wanted"]["w_qqq"]


def test_files_hold_every_session_and_every_judged_window(tables):
    weights = exported_allocator.weights(tables.allocation)
    assert len(weights) == len(tables.allocation)
    assert (weights[["w_qqq", "w_spy", "cash"]].sum(axis=1) - 1).abs().max() < 1e-9
    equity = exported_allocator.equity(tables.allocated_book)
    assert equity["allocated_equity"].iloc[-1] == pytest.approx(tables.allocation["equity"].iloc[-1])
    folds = exported_allocator.folds(tables.allocator_report)
    judged = tables.allocated_book.loc[tables.allocated_book["is_judged"], "rebalance_date"]
    assert len(folds) == 8 * judged.nunique()
    assert {"total_return", "year_calmar"} <= set(folds.columns)
