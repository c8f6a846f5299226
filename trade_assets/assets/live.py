"""Live: one session each, from its sealed bars to the orders for the next, what was checked, and the page a person opens."""

import dagster as dg
import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.assets import live_pages
from trade_assets.assets import live_policies as policies
from trade_assets.assets.between import Between
from trade_assets.assets.partitioned import days, newest, session_asset
from trade_assets.domain.live import day, decisions, run, signals
from trade_assets.domain.report import daily as report
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.exports import Exports
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings


@session_asset(group="live")
def session_bars(market_data: dg.ResourceParam[MarketData], dates: pd.DatetimeIndex) -> pd.DataFrame:
    """The bars of one session, sealed when first seen; rebalance windows read the same rows."""
    return market_data.bars(dates[0], dates[-1], as_of=dates[-1])


@session_asset(group="live", sections=policies.BETWEEN)
def live_market(
    settings: dg.ResourceParam[Settings],
    between: dg.ResourceParam[Between],
    session_bars: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """What the market gate says at each session: at a rebalance it decides, between two it is shown."""
    rows = [between.at(session).table("market_signals") for session in dates]
    made = [own[own["session"] == session] for own, session in zip(rows, dates, strict=True)]
    return schemas.concat("live_market", [own.drop(columns="rebalance_date") for own in made])


@session_asset(
    group="live",
    sections=policies.BETWEEN,
    target_weights=newest(),
    stock_predictions=newest(),
    champion_model=newest(),
    universe=newest(),
    event_performance=newest(),
    allocator_report=newest(),
)
def live_signals(
    settings: dg.ResourceParam[Settings],
    between: dg.ResourceParam[Between],
    session_bars: pd.DataFrame,
    target_weights: pd.DataFrame,
    stock_predictions: pd.DataFrame,
    champion_model: pd.DataFrame,
    universe: pd.DataFrame,
    event_performance: pd.DataFrame,
    allocator_report: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """What each strategy wants to hold after each session, and the scores behind it."""
    made, symbols = [], settings.index_legs().model_dump()
    for session in dates:
        date, now = partitions.rebalance_at(session), between.at(session)
        engine, allocator = policies.accepted(settings, date, event_performance, allocator_report)
        made += [
            signals.of_stocks(
                session, date, target_weights, stock_predictions, champion_model, universe, now.table("stock_predictions")
            ),
            signals.of_events(session, now.table("event_book"), is_accepted=engine),
            signals.of_allocator(session, now.table("allocation"), now.table("event_book"), symbols, is_accepted=allocator),
        ]  # fmt: skip
    return schemas.concat("live_signals", made)


@session_asset(group="live", sections=policies.SECTIONS, champion_model=newest(), performance=newest())
def live_book(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    ledger: dg.ResourceParam[BookLedger],
    session_bars: pd.DataFrame,
    live_signals: pd.DataFrame,
    champion_model: pd.DataFrame,
    performance: pd.DataFrame,
    dates: pd.DatetimeIndex,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """What each strategy holds after each session, by the ledger and the close; the one state of the live book."""
    inputs = policies.inputs(dates, session_bars, live_signals, champion_model, performance)
    rows = run.run(
        dates,
        previous,
        live_signals,
        policies.panel(market_data, dates),
        ledger,
        strategies=policies.strategies(settings),
        broker=policies.broker(settings),
        inputs=inputs,
        places_orders=policies.places_orders(settings),
    )
    return schemas.concat("live_book", [rows])


@session_asset(
    group="live",
    sections=policies.SECTIONS,
    live_book=days(run.RECORD_SESSIONS),
    champion_model=newest(),
    performance=newest(),
)
def live_orders(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    ledger: dg.ResourceParam[BookLedger],
    session_bars: pd.DataFrame,
    live_signals: pd.DataFrame,
    live_book: pd.DataFrame,
    champion_model: pd.DataFrame,
    performance: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """What each strategy would trade at the next session: proposed, placed, or blocked by a check."""
    inputs = policies.inputs(dates, session_bars, live_signals, champion_model, performance)
    found = decisions.every(
        dates, live_book, live_signals, policies.panel(market_data, dates), ledger.entries(), policies.strategies(settings), inputs
    )  # fmt: skip
    places = policies.places_orders(settings)
    made = [day.table(d, name, session, places_orders=places) for session, name, d in found]
    return schemas.concat("live_orders", made)


@session_asset(
    group="live",
    sections=policies.SECTIONS,
    live_book=days(run.RECORD_SESSIONS),
    champion_model=newest(),
    performance=newest(),
)
def safety_report(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    ledger: dg.ResourceParam[BookLedger],
    session_bars: pd.DataFrame,
    live_signals: pd.DataFrame,
    live_book: pd.DataFrame,
    champion_model: pd.DataFrame,
    performance: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Every check of every strategy's orders, with its number and its limit; one error and nothing is offered."""
    inputs = policies.inputs(dates, session_bars, live_signals, champion_model, performance)
    found = decisions.every(
        dates, live_book, live_signals, policies.panel(market_data, dates), ledger.entries(), policies.strategies(settings), inputs
    )  # fmt: skip
    return schemas.concat("safety_report", [day.report(d, name, session) for session, name, d in found])


@session_asset(group="live", kinds={"html", "csv", "json"}, live_book=days(run.RECORD_SESSIONS))
def daily_report(
    settings: dg.ResourceParam[Settings],
    tables: dg.ResourceParam[TableStore],
    live_files: dg.ResourceParam[Exports],
    session_bars: pd.DataFrame,
    live_signals: pd.DataFrame,
    live_book: pd.DataFrame,
    live_orders: pd.DataFrame,
    safety_report: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """The page a person opens after each session, and its files."""
    every = report.DailyTables(live_signals, live_book, live_orders, safety_report)
    made = [live_pages.write(session, every, settings, tables, live_files) for session in dates]
    return schemas.concat("daily_report", made)
