"""The numbers of the page as Markdown."""

from collections.abc import Mapping

import pandas as pd

from trade_assets.domain.report import writing
from trade_assets.domain.report.events import glossary, history, record
from trade_assets.domain.report.events.findings import Findings
from trade_assets.domain.report.marked import inert, table


def markdown(found: Findings, *, facts: Mapping[str, str]) -> str:
    """The page's numbers, for reading beside code; the same text for the same tables."""
    parts = [
        f"# Event engine{f' at the close of {writing.day(found.state.session)}' if found.state else ''}",
        _now(found), "## Acceptance", _gates(found), "## Performance", _figures(found),
        "## Events and edge", _funnel(found), "## Probabilities", _probabilities(found),
        "## Bands", _coverage(found), "## Rules", _rules(found.refusals), "## Exits", _rules(found.exits),
        "## Years", _years(found), "## Models in force", _models(found), "## Parameters in force", _parameters(found),
        "## The earlier engine: a reference, never a gate", _history(found),
        "## Caveats", "\n".join(f"- {inert(note)}" for note in found.notes),
        "## How this was made", "\n".join(f"- {inert(label)}: {inert(text)}" for label, text in facts.items()),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"


def _now(found: Findings) -> str:
    if found.state is None:
        return "The engine has not been run yet."
    rows = [
        (leg.symbol, f"{leg.state}{' ' + ('long' if leg.side > 0 else 'short') if leg.side else ''}", writing.usd(leg.notional_usd) if leg.side else writing.UNDEFINED,
         writing.ratio(leg.profit_level), writing.ratio(leg.loss_level), str(leg.bars_left) if leg.side else writing.UNDEFINED)
        for leg in found.state.legs
    ]  # fmt: skip
    kill = f"tripped, {found.state.kill_sessions_left} sessions left" if found.state.is_killed else "armed"
    lead = f"Equity {writing.usd(found.state.equity_usd)}, drawdown {writing.percent(found.state.drawdown)}, kill switch {kill}."
    return f"{lead}\n\n" + table(("Leg", "State", "Value", "Profit at", "Loss at", "Bars left"), rows)


def _gates(found: Findings) -> str:
    rows = [(gate.requirement, gate.name, "pass" if gate.passed else "fail" if gate.severity == "error" else "warn", gate.sentence) for gate in found.gates]  # fmt: skip
    return table(("Requirement", "Gate", "Verdict", "In words"), rows)


def _figures(found: Findings) -> str:
    columns = [(window, book) for window in record.WINDOWS for book in record.BOOKS]
    told = {key: record.figures_of(found.key_figures, window=key[0], book=key[1]) for key in columns}
    shown = [key for key in columns if told[key]]
    rows = [
        (metric.label, *(writing.in_unit(told[key].get(name), metric.unit) for key in shown))
        for name, metric in glossary.METRICS.items()
    ]
    return (
        table(("", *(f"{book}, {window.replace('_', ' ')}" for window, book in shown)), rows)
        if shown
        else "No session has been measured yet."
    )


def _funnel(found: Findings) -> str:
    rows = [
        (row.stage, writing.count(row.n_all), writing.count(row.n), _interval(row)) for row in found.funnel.itertuples()
    ]
    return table(("", "Events", "Outcome known", "Net bps (95 %)"), rows)


def _probabilities(found: Findings) -> str:
    if not len(found.probabilities):
        return "No event that had a model has an outcome yet."
    rows = [
        (
            f"{row.model}, {row.kind}{' (in use)' if row.is_used else ''}",
            writing.ratio(row.brier, 3),
            writing.ratio(row.ece, 3),
        )
        for row in found.probabilities.itertuples()
    ]
    return table(("Said by", "Brier score", "Calibration error"), rows)


def _coverage(found: Findings) -> str:
    if not len(found.coverage):
        return "No event that had a model has an outcome yet."
    rows = [
        (row.span, writing.count(row.n), writing.percent(row.band), writing.percent(row.quantiles))
        for row in found.coverage.itertuples()
    ]
    return table(("", "Events", f"Conformal band, aim {1 - found.terms.band_miss_rate:.0%}", "Quantiles"), rows)


def _rules(told: pd.DataFrame) -> str:
    rows = [(row.words, writing.count(row.n_all), _interval(row)) for row in told.itertuples()]
    return table(("", "Events", "Net bps (95 %)"), rows) if rows else "There is none yet."


def _years(found: Findings) -> str:
    if not len(found.years):
        return "No fold has been measured yet."
    rows = [
        (str(row.year), writing.percent(row.total_return, 2), writing.percent(row.max_drawdown, 2), writing.ratio(row.calmar), writing.count(row.n_trades),
         writing.bps(row.net_bps_mean), writing.ratio(row.brier, 3), str(row.n_catastrophic), writing.percent(row.mock_return, 2))
        for row in found.years.itertuples()
    ]  # fmt: skip
    return table(
        ("Year", "Return", "Drawdown", "Calmar", "Trades", "Net bps", "Brier", "Catastrophic folds", "Baseline return"),
        rows,
    )


def _models(found: Findings) -> str:
    if not len(found.models):
        return "No model has been fitted yet."
    models = found.models.to_dict("records")
    rows = [
        (row["model"], row["artifact_sha256"][:12], row["calibration_method"] if isinstance(row["calibration_method"], str) else writing.UNDEFINED)
        for row in models
    ]  # fmt: skip
    first = models[0]
    lead = f"Fitted as of {writing.day(first['retrain_date'])} on {first['n_train_rows']} events, calibrated on {first['n_calibration_rows']}; weight of the structural score {writing.ratio(first['w_struct'])}."
    return f"{lead}\n\n" + table(("Model", "Artifact", "Calibration"), rows)


def _parameters(found: Findings) -> str:
    rows = [(row.study, row.parameter, f"{row.value:.4g}", row.source) for row in found.parameters.itertuples()]
    return table(("Study", "Parameter", "Value", "From"), rows) if rows else "No parameters are stored yet."


def _history(found: Findings) -> str:
    rows = [
        (row.label, *(writing.in_unit(value, row.unit) for value in (row.historic, row.engine, row.mock)))
        for row in found.beside_history.itertuples()
    ]
    lead = f"Dated {writing.day(history.AS_OF)}. The aim of {writing.usd(history.TARGET_USD_A_MONTH)} a month on {writing.usd(history.TARGET_CAPITAL_USD)} is an aim."
    return f"{lead}\n\n" + table(("", "Earlier engine", "This engine", "This baseline"), rows)


def _interval(row) -> str:
    if row.low_bps != row.low_bps:
        return writing.bps(row.mean_bps)
    return f"{writing.bps(row.mean_bps)} ({writing.bps(row.low_bps)} to {writing.bps(row.high_bps)})"
