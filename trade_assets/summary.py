"""What a person reads at the end of a run."""

import pandas as pd
from rich.console import Console
from rich.table import Table

from trade_assets.domain.events import acceptance
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings


def show(settings: Settings, tables: TableStore, keys: list[str], seconds: float, console: Console) -> None:
    """Print what to hold and how it has done, of the portfolio and of the event engine."""
    trades, target = tables.read("trades", keys[-1:])[0], tables.read("target_weights", keys[-1:])[0]
    signal = tables.read("market_signals", keys[-1:])[0].iloc[-1]
    book = tables.read("portfolio_returns", keys[-1:])[0].iloc[-1]
    performance = tables.read("performance", keys[-1:])[0]
    console.print(
        f"\n[bold]As of {keys[-1]}[/]: equity {book['equity_usd']:,.0f} USD, market {signal['market_regime']}, "
        f"exposure {signal['exposure_scalar']:.0%}"
    )
    console.print(_holdings(target, trades))
    console.print(_figures(performance))
    _events(settings, tables, keys[-1], console)
    exports = settings.store.exports
    console.print(
        f"Tear sheet  {exports / 'tear_sheet.html'}\nEvents      {exports / 'event_report.html'}\nFiles       {exports}/*.csv, *.json, *.parquet\nUI          make ui"
    )
    console.print(f"[dim]{len(keys)} rebalances in {seconds:.0f} s, source {settings.data.source}[/]")


def _holdings(target: pd.DataFrame, trades: pd.DataFrame) -> Table:
    table = Table(title="What to hold, and the orders that get there", title_justify="left")
    for name in ("symbol", "target", "held", "order", "shares", "USD"):
        table.add_column(name, justify="left" if name in ("symbol", "order") else "right")
    for row in trades.sort_values(["target_weight", "symbol"], ascending=[False, True]).itertuples():
        moves = row.shares != 0
        table.add_row(
            row.symbol, f"{row.target_weight:.1%}", f"{row.held_weight:.1%}", row.action,
            f"{row.shares:+,.0f}" if moves else "", f"{row.notional_usd:+,.0f}" if moves else "",
        )  # fmt: skip
    cash = target.loc[target["symbol"] == "CASH", "weight"].iloc[0]
    table.add_row("CASH", f"{cash:.1%}", f"{1 - trades['held_weight'].sum():.1%}", "", "", "")
    return table


def _figures(performance: pd.DataFrame) -> Table:
    shown = {
        "cagr": "CAGR",
        "volatility": "volatility",
        "sharpe_ratio": "Sharpe",
        "max_drawdown": "max drawdown",
        "calmar": "Calmar",
    }
    table = Table(title="Since the first fill, net of costs", title_justify="left")
    table.add_column("")
    for name in shown.values():
        table.add_column(name, justify="right")
    values = performance[performance["window"] == "since_start"].pivot(index="series", columns="metric", values="value")
    for series in [s for s in ("portfolio", "equal_weight", "qqq", "spy") if s in values.index]:
        cells = [
            f"{values.at[series, m]:.2f}" if m in ("sharpe_ratio", "calmar") else f"{values.at[series, m]:.1%}"
            for m in shown
        ]
        table.add_row(series.replace("_", " "), *cells)
    return table


def _events(settings: Settings, tables: TableStore, key: str, console: Console) -> None:
    book, told = tables.read("event_book", [key])[0], tables.read("event_performance", [key])[0]
    if book.empty:
        return
    limits = settings.risk
    gates = acceptance.gates(
        told,
        drawdown_warn=limits.drawdown_warn,
        drawdown_fail=limits.drawdown_stop,
        min_trades_per_month=settings.events.tuning.min_trades_per_month,
    )
    failed = [gate.sentence for gate in gates if not gate.passed]
    newest = book[book["session"] == book["session"].max()]
    held = ", ".join(f"{row.symbol} {row.position_frac:+.0%}" for row in newest.itertuples())
    console.print(f"Event engine: holds {held} of each leg's capital. " + " ".join(failed or ["It is accepted."]))
    console.print(_engines(told))


def _engines(told: pd.DataFrame) -> Table:
    shown = {
        "cagr": "CAGR",
        "sharpe_ratio": "Sharpe",
        "max_drawdown": "max drawdown",
        "calmar": "Calmar",
        "trades_per_month": "trades/month",
    }
    table = Table(title="Event engine, since the start, net of costs", title_justify="left")
    table.add_column("")
    for name in shown.values():
        table.add_column(name, justify="right")
    values = told[told["window"] == "since_start"].pivot(index="book", columns="metric", values="value")
    for name, label in (("engine", "engine"), ("mock", "baseline")):
        plain = ("sharpe_ratio", "calmar", "trades_per_month")
        table.add_row(
            label, *(f"{values.at[name, m]:.2f}" if m in plain else f"{values.at[name, m]:.1%}" for m in shown)
        )
    return table
