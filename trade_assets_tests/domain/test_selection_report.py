"""The report of the selection says who is in force and why, in the numbers of the tables; it invents nothing."""

import dataclasses
import html
import json
import math
import re

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from trade_assets.domain import champion, exported_selection
from trade_assets.domain.evidence import PERIODS_PER_YEAR, WHOLE
from trade_assets.domain.grid import BASELINE
from trade_assets.domain.models import skill
from trade_assets.domain.overfitting import length, sequential
from trade_assets.domain.report import selection as page
from trade_assets.domain.report import traces
from trade_assets.domain.report.selection import record
from trade_assets.domain.report.writing import day, in_unit, ratio
from trade_assets_tests.selection_tables import SKIPPED, TERMS, emptied, made

HOSTILE = "<script>alert(1)</script>"
FACTS = {"Source": "sample"}
TABLES = [field.name for field in dataclasses.fields(page.SelectionTables)]
SECTIONS = ["now", "gates", "luck", "matrix", "record", "regimes", "skill", "stress", "history", "reading", "definitions"]  # fmt: skip
ROLLBACK = pd.DataFrame(
    {
        "recorded_utc": [pd.Timestamp("2014-03-03 12:00", tz="UTC")], "actor": "ann", "reason": "it held one stock", "model": "ridge_stack",
        "construction": "equal_weight",
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    """Refused twice, then promoted; catboost is not installed."""
    return made()


@pytest.fixture(scope="module")
def found(tables):
    return page.find(tables, TERMS)


@pytest.fixture(scope="module")
def shown(found):
    return own_html(page.selection_report(found, facts=FACTS))


@pytest.fixture(scope="module")
def refused():
    return page.find(light(made(seed=1, edge=0.0)), TERMS)


@pytest.fixture(scope="module")
def early():
    return page.find(made(10), TERMS)


def own_html(text):
    return text.replace(get_plotlyjs(), "")


def text_of(page_html):
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page_html[page_html.index("</style>") :])))


def shown_of(found):
    return own_html(page.selection_report(found, facts=FACTS))


def section(page_html, name):
    return page_html[page_html.index(f'<section id="{name}">') :].split("</section>")[0]


def changed(tables, **frames):
    return dataclasses.replace(tables, **frames)


def light(tables):
    """The same tables without what the stress is run on."""
    return changed(tables, bars=tables.bars.iloc[:0])


def newest_evidence(tables):
    rows = tables.candidate_evidence
    return champion.figures_of(rows[rows["rebalance_date"] == rows["rebalance_date"].max()])


def test_the_same_tables_give_the_same_bytes_in_any_row_order(tables, found, shown):
    shuffled = page.SelectionTables(**{name: getattr(tables, name).sample(frac=1, random_state=1) for name in TABLES})
    other = page.find(shuffled, TERMS)
    assert shown_of(other) == shown
    assert page.markdown(other, facts=FACTS) == page.markdown(found, facts=FACTS)
    assert json.dumps(exported_selection.details(other)) == json.dumps(exported_selection.details(found))


def test_no_table_is_changed():
    few = made(20)
    before = {name: getattr(few, name).copy() for name in TABLES}
    shown_of(page.find(few, TERMS))
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(few, name), before[name])


def test_every_section_is_there_in_order_and_linked_in_every_state(tables, shown, refused, early):
    for told in (shown, shown_of(refused), shown_of(early), shown_of(page.find(emptied(tables), TERMS))):
        places = [told.index(f'<section id="{name}">') for name in SECTIONS]
        assert places == sorted(places)
        assert all(f'href="#{name}"' in told for name in SECTIONS)
        assert not re.search(r"\b(nan|inf|None)\b", text_of(told))


def test_empty_tables_give_a_page_that_says_so(tables):
    nothing = page.find(emptied(tables), TERMS)
    told = shown_of(nothing)
    for sentence in ("Nothing has been selected yet", "No decision has been made yet.", "No outcome of a score is known yet.", "has earned nothing yet"):  # fmt: skip
        assert sentence in told, sentence
    assert "plotly.js v" not in told
    assert "Nothing has been selected yet" in page.markdown(nothing, facts={})
    with pytest.raises(ValueError, match="materialise the rebalance job"):
        exported_selection.metadata(nothing)


@pytest.mark.parametrize("name", TABLES)
def test_any_one_table_may_be_empty(tables, name):
    one = page.find(changed(light(tables), **{name: getattr(tables, name).iloc[:0]}), TERMS)
    shown_of(one)
    page.markdown(one, facts=FACTS)
    json.dumps(exported_selection.details(one))


def test_before_any_decision_the_settings_are_in_force_and_every_cell_says_why_it_has_no_number(early):
    told = text_of(shown_of(early))
    assert early.judged is None
    assert "No decision has been made yet: ridge_stack with rank_decay is in force by the settings, unqualified" in told
    assert f"The first decision comes after {TERMS.champion.first} rebalances out of sample" in told
    assert set(early.cells["status"]) == {"not judged yet", SKIPPED}
    assert early.matrix.drop(columns="model").map(lambda value: isinstance(value, str)).all(axis=None)
    own = exported_selection.metadata(early)
    assert (own.selection_date, own.n_looks, own.metrics) == (None, 0, {})


def test_a_promotion_is_told_in_the_first_sentence_with_its_date(found, shown):
    assert found.in_force.is_qualified
    first = text_of(section(shown, "now") and f"</style>{section(shown, 'now')}")
    assert (
        f"{champion.name_of(found.in_force.cell)} stays in force, qualified, since {day(found.in_force.since)}."
        in first
    )
    promoted = found.history[found.history["is_change"]]
    assert promoted[["model", "construction", "status"]].to_numpy().tolist() == [["lightgbm", "rank_decay", "qualified"]]  # fmt: skip
    assert promoted["date"].iloc[0] == found.in_force.since


def test_a_promotion_at_the_newest_decision_is_called_one(tables, found):
    rows = tables.champion_model[tables.champion_model["rebalance_date"] <= found.in_force.since]
    now = page.find(changed(light(tables), champion_model=rows), TERMS).in_force
    assert now.sentence == f"lightgbm with rank_decay was promoted on {day(now.since)}: it passed every gate and is in force."  # fmt: skip


def test_a_refusal_names_what_was_missed_with_its_numbers(refused):
    now = refused.in_force
    told = text_of(shown_of(refused))
    assert (
        f"Nothing qualifies: ridge_stack with rank_decay stays in force, unqualified, since {day(now.since)}." in told
    )
    assert f"is that of {champion.name_of(refused.judged.best)}. It does not qualify:" in told
    assert refused.failed
    assert all(gate.sentence in told for gate in refused.failed)


def test_a_rollback_is_told_with_who_and_why():
    tables = light(made(rollbacks=ROLLBACK))
    rolled = page.find(tables, TERMS).history.query("status == 'rolled_back'")
    until = rolled["date"].iloc[-1]
    assert not rolled["is_look"].iloc[-1]
    then = page.find(changed(tables, champion_model=tables.champion_model.query("rebalance_date <= @until")), TERMS)
    sentence = f"ridge_stack with equal_weight is in force since {day(until)}, when a person rolled back to it."
    reason = "Rolled back from lightgbm with rank_decay to ridge_stack with equal_weight by ann: it held one stock"
    assert then.in_force.sentence == sentence
    assert all(words in text_of(shown_of(then)) for words in (sentence, reason))


def test_every_gate_of_the_best_is_the_domains(tables, found, shown):
    figures, now = newest_evidence(tables), found.in_force
    best = max((cell for cell in found.judged.earned.cells), key=lambda cell: figures[cell]["score"])
    assert found.judged.best == best
    expected = champion.gates(figures[best], figures[WHOLE], level=now.level, terms=TERMS.champion)
    assert found.gates[: len(expected)] == expected
    table = html.unescape(section(shown, "gates"))
    assert all(gate.sentence in table for gate in found.gates)


def test_who_challenges_a_qualified_one_is_tested_against_it_and_it_is_not_tested_against_itself(found):
    names = {cell: [gate.name for gate in gates] for cell, gates in found.judged.gates.items()}
    assert "Test against the one in force" not in names[found.in_force.cell]
    others = [of for cell, of in names.items() if cell != found.in_force.cell]
    assert others
    assert all(of[-1] == "Test against the one in force" for of in others)


def test_levels_of_the_looks_are_those_the_decisions_were_made_at(tables, found):
    looks = found.history[found.history["is_look"]].iloc[::-1]
    n = looks["n_rebalances"].tolist()
    terms = TERMS.champion
    assert looks["level"].tolist() == pytest.approx(sequential.levels(n, first=terms.first, alpha=terms.alpha, n_trials=terms.n_models))  # fmt: skip
    assert found.in_force.looks == tuple(n)
    stored = tables.champion_model.sort_values("rebalance_date")
    assert found.spending["spent"] == stored["alpha_spent"].iloc[-1]
    assert found.spending["spent"] + found.spending["left"] == pytest.approx(terms.alpha)


def test_luck_is_the_stored_one_by_year_beside_the_best_of_all(tables, found, shown):
    figures = newest_evidence(tables)
    assert found.luck.luck == pytest.approx(figures[WHOLE]["luck_sharpe"] * math.sqrt(PERIODS_PER_YEAR))
    ratios = [figures[cell]["information_ratio"] for cell in found.judged.earned.cells]
    assert found.luck.best == max(ratios)
    assert found.luck_verdict in section(shown, "luck")
    assert ratio(found.luck.luck) in section(shown, "luck")


def test_luck_is_weighed_against_the_test_in_words(found):
    def told(**luck):
        return dataclasses.replace(found, luck=dataclasses.replace(found.luck, **luck)).luck_verdict

    poor = {found.judged.best: {"superiority_p": 0.9}}
    judged = dataclasses.replace(found.judged, figures=found.judged.figures | poor)
    assert told(best=2.0, luck=1.0).startswith("That is more than luck")
    assert "one good model among poor ones makes it large" in told(best=1.0, luck=2.0)
    assert (
        dataclasses.replace(found, judged=judged, luck=dataclasses.replace(found.luck, best=1.0, luck=2.0)).luck_verdict
        == "That is no more than luck."
    )


def test_power_is_stated_at_the_level_of_the_last_look(found):
    n = int(found.luck.n_rebalances)
    for each in found.power:
        per_period = each.ratio / math.sqrt(PERIODS_PER_YEAR)
        assert each.found == length.power(per_period, n, alpha=found.in_force.level)
        enough = round(each.years_likely * PERIODS_PER_YEAR)
        assert length.power(per_period, enough, alpha=found.in_force.level) >= 0.8
        assert length.power(per_period, enough - 1, alpha=found.in_force.level) < 0.8
    assert [each.ratio for each in found.power] == [0.5, 1.0, 1.5]


def test_the_matrix_has_a_number_or_words_in_every_cell(tables, found, shown):
    figures = newest_evidence(tables)
    for row in found.matrix.to_dict("records"):
        for construction in found.constructions:
            cell = (row["model"], construction)
            assert row[construction] == (figures[cell]["sharpe"] if cell in figures else SKIPPED)
            written = re.search(rf'data-cell="{cell[0]} {cell[1]}">([^<]*)<', shown)[1]
            assert written == (ratio(row[construction]) if cell in figures else SKIPPED)
    assert list(found.matrix["model"]) == ["lightgbm", "catboost", "ridge_stack"]
    assert not found.matrix.isna().any(axis=None)


def test_a_construction_that_falls_back_is_named(found):
    told = " ".join(found.notes)
    assert "min_volatility fell back to another rule at 50% of its rebalances" in told
    assert f"catboost has no figure in 3 cells ({SKIPPED})" in told
    assert "rank_decay fell back" not in told


def test_what_was_in_force_is_followed_from_one_pair_to_the_next(tables, found):
    own, since = found.record, found.in_force.since
    first = record.of_cell(tables.candidate_returns, TERMS.champion.incumbent, own.sessions)
    second = record.of_cell(tables.candidate_returns, found.in_force.cell, own.sessions)
    later = own.sessions > since
    assert own.series["in_force"][~later].tolist() == first[~later].tolist()
    assert own.series["in_force"][later].tolist() == second[later].tolist()
    assert set(own.series) == {"in_force", "baseline", "qqq", "spy"}
    assert own.series["baseline"].tolist() == record.of_cell(tables.candidate_returns, BASELINE, own.sessions).tolist()


def test_figures_of_the_record_are_on_the_page(found, shown):
    cells = re.findall(r'data-metric="(\w+)" data-book="(\w+)">([^<]*)<', shown)
    assert len(cells) == 7 * 4
    units = {"sharpe": "ratio", "calmar": "ratio", "information_ratio": "ratio"}
    for metric, book, written in cells:
        assert written == in_unit(found.record.figures[book][metric], units.get(metric, "frac"))


def test_stress_as_run_is_what_the_pair_earned(tables, found):
    own = found.stress
    sessions = pd.DatetimeIndex(np.sort(tables.candidate_returns["session"].unique()))
    sessions = sessions[sessions >= own.first]
    earned = record.of_cell(tables.candidate_returns, own.cell, sessions)
    kept = own.table[own.table["is_own"]]
    years = (1 + kept["cagr"]) ** (len(sessions) / 252)
    assert own.cell == found.in_force.cell
    assert len(kept) == 3
    assert kept["n_sessions"].tolist() == [len(sessions)] * 3
    assert years.to_numpy() == pytest.approx(np.prod(1 + earned), rel=0.02)


def test_a_pair_that_fails_as_run_is_called_so(found):
    poor = dataclasses.replace(found.stress, table=found.stress.table.assign(excess=-0.01))
    good = dataclasses.replace(found.stress, table=found.stress.table.assign(excess=0.01))
    assert poor.verdict == "It does not beat it even as run."
    assert good.verdict == "It beats it in every case below."


def test_capacity_is_not_claimed_where_no_volume_is_known(tables):
    told = shown_of(page.find(changed(tables, bars=tables.bars.assign(volume=np.nan)), TERMS))
    assert "<b>Capacity is not measured</b>" in told


def test_skill_is_the_summary_of_the_stored_rows_and_no_skill_is_called_so(tables, found):
    pd.testing.assert_frame_equal(found.skill, skill.summary(tables.candidate_skill.sort_values("rebalance_date")))
    assert found.skill_verdict.startswith("lightgbm: ")
    none = page.find(changed(light(tables), candidate_skill=tables.candidate_skill.assign(rank_ic=0.0)), TERMS)
    assert "that the scores tell anything is not shown" in none.skill_verdict


def test_the_pages_ask_nothing_of_the_network(found, shown):
    for told in (shown, own_html(page.equity_page(found)), own_html(page.champion_page(found))):
        assert not re.search(r'(?:src|href|action)="(?!#|data:)', told)
        assert not re.search(r"@import|url\(", told)
        assert "default-src 'none'" in told


def test_every_figure_is_one_that_plotly_accepts(shown):
    payload = json.loads(re.search(r'<script type="application/json" id="payload">(.*?)</script>', shown, re.S)[1])
    assert set(payload["figures"]) == {"top", "champion", "scatter"}

    def filled(node):
        if isinstance(node, str) and node.startswith("--"):
            return traces.LIGHT[node[2:]]
        if isinstance(node, dict):
            return {key: filled(item) for key, item in node.items()}
        return [filled(item) for item in node] if isinstance(node, list) else node

    for figure in payload["figures"].values():
        go.Figure(filled(figure))


@pytest.mark.reliability("18")
def test_hostile_text_is_escaped_everywhere(tables):
    def renamed(rows):
        return rows.assign(model=rows["model"].replace("lightgbm", HOSTILE)) if "model" in rows else rows

    rows = {name: renamed(getattr(light(tables), name)) for name in TABLES}
    rows["champion_model"] = rows["champion_model"].assign(reason=HOSTILE)
    portfolios = rows["candidate_portfolios"]
    rows["candidate_portfolios"] = portfolios.assign(status=portfolios["status"].replace(SKIPPED, f"skipped: {HOSTILE}"))  # fmt: skip
    cells = tuple((HOSTILE if model == "lightgbm" else model, name) for model, name in TERMS.cells)
    terms = dataclasses.replace(TERMS, cells=cells, legs=(("qqq", HOSTILE), ("spy", "SPY")))
    found = page.find(page.SelectionTables(**rows), terms)
    told = own_html(page.selection_report(found, facts={HOSTILE: HOSTILE}))
    assert HOSTILE not in told
    assert told.count("<script") == told.count("</script>") == 3
    assert told.count("&lt;script&gt;alert(1)") > 10
    assert HOSTILE not in page.markdown(found, facts={HOSTILE: HOSTILE})


def test_files_hold_every_cell_every_regime_and_every_model(found):
    told = exported_selection.details(found)
    assert len(told["cells"]) == len(TERMS.cells)
    assert told["grid"]["pbo"] == found.luck.pbo
    assert {cell["status"] for cell in told["cells"]} == {"judged", SKIPPED}
    regimes = exported_selection.regimes(found)
    assert len(regimes) == 3 * (len(found.judged.ranked) + 1)
    assert regimes.groupby("regime")["regime_name"].first().to_dict() == {0: "unfavorable", 1: "neutral", 2: "favorable"}  # fmt: skip
    training = exported_selection.training(found).set_index("model")
    assert training["status"].to_dict() == {"lightgbm": "judged", "ridge_stack": "judged", "catboost": SKIPPED}


def test_the_metadata_are_those_of_the_table(tables, found):
    own = exported_selection.metadata(found)
    row = tables.champion_model.query("role == 'champion'").sort_values("rebalance_date").iloc[-1]
    assert (own.model_name, own.optimizer, own.status) == (row["model"], row["construction"], row["status"])
    assert (own.weighted_score, own.selection_reason) == (row["score"], row["reason"])
    assert own.selection_date == f"{row['decision_date']:%Y-%m-%d}"
    assert own.metrics["sharpe"] == newest_evidence(tables)[found.in_force.cell]["sharpe"]
    assert own.runner_up.model_name
