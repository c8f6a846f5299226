"""The files the command writes: weights, trades and equity as CSV, the metrics as JSON."""

from dataclasses import asdict
from pathlib import Path

from trade_assets import mandate
from trade_assets.domain import exported, period_metrics
from trade_assets.from_predictions.book import Work
from trade_assets.from_predictions.options import Options
from trade_assets.from_predictions.record import Record
from trade_assets.resources.exports import Exports
from trade_assets.resources.own_files import Given
from trade_assets.settings import Settings

TRADES = ["date", "ticker", "action", "prev_weight", "target_weight", "delta_weight", "delta_vs_prev_target"]
USED = {
    "costs_bps", "slippage_bps", "max_turnover", "hold_band_frac", "hold_band_share", "min_trade_usd", "never_buy",
    "cash_return_frac", "initial_capital_usd",
}  # fmt: skip


def write(
    exports: Exports, predictions: Given, work: Work, record: Record, options: Options, settings: Settings
) -> list[Path]:
    """Write weights, trades, metrics and, with known outcomes, equity; returns the paths."""
    names = {"rebalance_date": "date", "symbol": "ticker", "held_weight": "prev_weight"}
    trades = work.result.trades.rename(columns=names)
    return [
        exports.csv("weights.csv", exported.weights(work.result.weights)),
        exports.csv("trades.csv", trades[TRADES]),
        *([] if record.equity is None else [exports.csv("equity.csv", record.equity)]),
        exports.json("metrics.json", _metrics(predictions, work, record, options, settings)),
    ]


def _metrics(predictions: Given, work: Work, record: Record, options: Options, settings: Settings) -> dict[str, object]:
    chosen, equity = settings.portfolio, record.equity
    meant = period_metrics.definitions(
        work.schedule,
        horizon_sessions=options.horizon_days,
        commission_bps=chosen.costs_bps,
        half_spread_bps=chosen.slippage_bps,
    )
    present = {*record.metrics} | (set() if equity is None else {"equal_weight", "by_regime"})
    return {
        "metrics": record.metrics,
        "equal_weight": record.equal_weight,
        "by_regime": [] if record.by_regime is None else record.by_regime.to_dict("records"),
        "definitions": {name: text for name, text in meant.items() if name in present},
        "options": asdict(options) | {"tranches": work.schedule.tranches},
        "settings": {
            "portfolio": chosen.model_dump(mode="json", include=USED),
            "market_gate": asdict(mandate.thresholds(settings.market_gate)),
        },
        "data": {
            "predictions": [path.name for path in predictions.files],
            "first_rebalance": str(work.schedule.dates[0].date()),
            "last_rebalance": str(work.schedule.dates[-1].date()),
            "last_outcome": None if equity is None else str(equity["date"].iloc[-1].date()),
        },
        "notes": work.notes,
    }
