"""The files of the event engine, under the names and the columns their readers know."""

import pandas as pd

from trade_assets.domain.plain import day, plain, value
from trade_assets.domain.report.events import forecasts, record
from trade_assets.domain.report.events.findings import Findings
from trade_assets.domain.report.events.history import TARGET_CAPITAL_USD, TARGET_USD_A_MONTH

CLOCK = "%Y-%m-%dT%H:%M:%SZ"
WINDOWS = {"since_model": "since_first_model", "year": "last_year", "since_start": "since_start"}


def summary(found: Findings) -> dict[str, object]:
    """Events, edges with their 95 % intervals, costs, calibration and coverage, all out of sample."""
    return {
        "as_of": day(None if found.state is None else found.state.session),
        "stages": {row["stage"]: plain(row, drop=("stage",)) for row in found.funnel.to_dict("records")},
        "gate_gain_bps": forecasts.limits(found.gate_gain),
        "rank_correlation": found.rank_correlation,
        "fifths_of_the_score": [plain(row) for row in found.buckets.to_dict("records")],
        "probabilities": [plain(row) for row in found.probabilities.to_dict("records")],
        "reliability": [plain(row) for row in found.reliability.to_dict("records")],
        "bands": {"aim": 1.0 - found.terms.band_miss_rate, "coverage": [plain(row) for row in found.coverage.to_dict("records")]},
        "refusals": {row["rule"]: plain(row, drop=("rule", "words")) for row in found.refusals.to_dict("records")},
        "exits": {row["rule"]: plain(row, drop=("rule", "words")) for row in found.exits.to_dict("records")},
        "costs": plain(found.costs),
        "reference": {"is_a_gate": False, "rows": [plain(row) for row in found.beside_history.to_dict("records")]},
    }  # fmt: skip


def portfolio_summary(found: Findings) -> dict[str, object]:
    """Equity, growth, drawdown, trades and gains in USD of the engine, the baseline and each leg."""
    books: dict[str, dict[str, dict[str, float]]] = {}
    for window, name in WINDOWS.items():
        for book in record.BOOKS:
            told = record.figures_of(found.key_figures, window=window, book=book)
            kept = {metric: value for metric, value in told.items() if not metric.startswith("bin_")}
            books.setdefault(book, {})[name] = kept
    return {
        "as_of": day(None if found.state is None else found.state.session),
        "capital_usd": found.terms.capital_usd,
        "books": books,
        "legs": {row["symbol"]: plain(row, drop=("symbol",)) for row in found.legs.to_dict("records")},
        "gates": [vars(gate) for gate in found.gates],
        "is_accepted": found.is_accepted,
        "rolling_year_calmar": dict(zip(("lower_quartile", "median"), found.rolling_quartiles, strict=True)),
        "target": {"usd_a_month": TARGET_USD_A_MONTH, "on_capital_usd": TARGET_CAPITAL_USD, "is_a_gate": False},
    }


def equity(found: Findings) -> pd.DataFrame:
    """``date``, equity (1 at the start) and return of the engine, the baseline and each leg."""
    table = pd.DataFrame({"date": found.equity["session"]})
    for name in found.equity.columns[1:]:
        table[f"{name}_return"] = found.equity[name]
        table[f"{name}_equity"] = (1.0 + found.equity[name].fillna(0.0)).cumprod()
    return table


def trades(rows: pd.DataFrame) -> pd.DataFrame:
    """``event_trades`` as stored, instants in UTC to the second."""
    instants = {name: rows[name].dt.strftime(CLOCK) for name in ("bar_end_utc", "decision_utc")}
    return rows.assign(**instants).rename(columns={"rebalance_date": "date"})


def folds(rows: pd.DataFrame) -> pd.DataFrame:
    """Every metric of every fold, one row a rebalance and book; the reliability bins are among them."""
    own = rows[rows["window"] == "fold"]
    table = own.pivot(index=["rebalance_date", "book"], columns="metric", values="value").reset_index()
    return table.rename(columns={"rebalance_date": "date"}).rename_axis(columns=None)


def registry(found: Findings) -> dict[str, object]:
    """Models in force: artifact and calibrator by sha256, parameters, rows, weight and thresholds."""
    if not len(found.models):
        return {"models": {}, "parameters": {}}
    first = found.models.to_dict("records")[0]
    own = (
        "artifact_sha256",
        "calibrator_sha256",
        "calibration_method",
        "brier_before",
        "brier_after",
        "ece_before",
        "ece_after",
        "crossing_rate",
    )
    fitted = dict(forecasts.fitted_with(found.models))
    return {
        "as_of": day(first["rebalance_date"]),
        "retrain_date": day(first["retrain_date"]),
        "n_train_rows": int(first["n_train_rows"]),
        "n_calibration_rows": int(first["n_calibration_rows"]),
        "w_struct": float(first["w_struct"]),
        "mock_threshold": float(first["mock_threshold"]),
        "models": {
            row["model"]: {name: value(row[name]) for name in own} | {"parameters": fitted[row["model"]]}
            for row in found.models.to_dict("records")
        },
        "parameters": {
            f"{row['study']}.{row['parameter']}": {"value": row["value"], "source": row["source"], "search_date": day(row["search_date"])}
            for row in found.parameters.to_dict("records")
        },
    }  # fmt: skip
