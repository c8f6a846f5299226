"""What a person reads at the end of a run."""

import textwrap
from collections.abc import Mapping

import pandas as pd
from rich.console import Console
from rich.table import Table

from trade_assets.domain.events import acceptance
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings


def show(settings: Settings, tables: TableStore, keys: list[str], seconds: float, console: Console) -> None:
    """Print what to hold and how it has done, of the portfolio, its champion, the event engine and the allocator."""
    trades, target = tables.read("trades", keys[-1:])[0], tables.read("target_weights", keys[-1:])[0]
    signal = tables.read("market_signals", keys[-1:])[0].iloc[-1]
    book = tables.read("portfolio_returns", keys[-1:])[0].iloc[-1]
    performance = tables.read("performance", keys[-1:])[0]
    console.print(
        f"\n[bold]As of {keys[-1]}[/]: equity {book['equity_usd']:,.0f} USD, market {signal['market_regime']}, "
        f"exposure {signal['exposure_scalar']:.0%}"
    )
    console.print(_holdings(target, trades))
    console.print(_figures("Since the first fill, net of costs", performance, "series", SERIES, FIGURES))
    _champion(tables, keys[-1], console)
    _events(settings, tables, keys[-1], console)
    _allocator(tables, keys[-1], console)
    exports = settings.store.exports
    console.print(
        f"Tear sheet  {exports / 'tear_sheet.html'}\nSelection   {exports / 'selection_report.html'}\nEvents      {exports / 'event_report.html'}\nAllocator   {exports / 'allocator_report.html'}\nFiles       {exports}/*.csv, *.json, *.parquet\nUI          make ui"
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


FIGURES = {
    "cagr": "CAGR",
    "volatility": "volatility",
    "sharpe_ratio": "Sharpe",
    "max_drawdown": "max drawdown",
    "calmar": "Calmar",
}
RATIOS = {"sharpe_ratio", "calmar", "trades_per_month"}
SERIES = {"portfolio": "portfolio", "equal_weight": "equal weight", "qqq": "qqq", "spy": "spy"}
ENGINES = {"engine": "engine", "mock": "baseline"}


def _figures(
    title: str, performance: pd.DataFrame, of: str, labels: Mapping[str, str], shown: Mapping[str, str]
) -> Table:
    """Metrics since the start, a row for each of ``labels`` in the column ``of``."""
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for heading in shown.values():
        table.add_column(heading, justify="right")
    values = performance[performance["window"] == "since_start"].pivot(index=of, columns="metric", values="value")
    for name in [name for name in labels if name in values.index]:
        cells = [f"{values.at[name, m]:.2f}" if m in RATIOS else f"{values.at[name, m]:.1%}" for m in shown]
        table.add_row(labels[name], *cells)
    return table


def _champion(tables: TableStore, key: str, console: Console) -> None:
    rows = tables.read("champion_model", [key])[0]
    own = rows[rows["role"] == "champion"].iloc[0]
    since = f"since {own['since']:%Y-%m-%d}"
    decided = "not decided yet" if pd.isna(own["decision_date"]) else f"last decided {own['decision_date']:%Y-%m-%d}"
    console.print(
        f"Champion: {own['model']} with {own['construction']}, {own['status'].replace('_', ' ')}, {since}; {decided}."
    )
    console.print(textwrap.shorten(own["reason"], WHY, placeholder=" …"), markup=False)


WHY = 240  # characters of a reason; the whole is on the page


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
    shown = {m: FIGURES[m] for m in FIGURES if m != "volatility"} | {"trades_per_month": "trades/month"}
    console.print(_figures("Event engine, since the start, net of costs", told, "book", ENGINES, shown))


def _allocator(tables: TableStore, key: str, console: Console) -> None:
    decided, told = tables.read("allocation", [key])[0], tables.read("allocator_report", [key])[0]
    if decided.empty:
        return
    newest = decided.loc[decided["session"].idxmax()]
    verdicts = told[(told["window"] == "since_model") & (told["book"] == "allocated")].set_index("metric")["value"]
    weights = f"{newest['w_qqq']:.1%} QQQ sleeve, {newest['w_spy']:.1%} SPY sleeve, {newest['cash']:.1%} cash"
    if verdicts.get("is_accepted", 0.0) == 1.0:
        console.print(f"Allocator: accepted. Hold {weights}.")
        return
    failed = (
        f"{verdicts['n_failed_gates']:.0f} gates failed" if "n_failed_gates" in verdicts else "no session judged yet"
    )
    console.print(f"Allocator: not accepted ({failed}); the event engine's equal parts stay in force. It would hold {weights}.")  # fmt: skip
