"""Live: one session each, from its sealed bars to the orders for the next, what was checked, and the page a person opens."""

import dagster as dg
import pandas as pd

from trade_assets import mandate, partitions, schemas
from trade_assets.assets import between as between_rebalances
from trade_assets.assets import explaining, live_pages, watching
from trade_assets.assets import live_policies as policies
from trade_assets.assets.between import Between
from trade_assets.assets.partitioned import days, newest, session_asset
from trade_assets.domain import calendar
from trade_assets.domain.live import day, decisions, run, signals
from trade_assets.domain.live import entries as entries_of
from trade_assets.domain.live import reconciliation as reconciling
from trade_assets.domain.report import daily as report
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.book_ledger import BookLedger
from trade_assets.resources.exports import Exports
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.resources.market_data.restatements import Restatements
from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings


@session_asset(group="live")
def session_bars(market_data: dg.ResourceParam[MarketData], dates: pd.DatetimeIndex) -> pd.DataFrame:
    """The bars of one session, sealed when first seen; rebalance windows read the same rows."""
    return market_data.bars(dates[0], dates[-1], as_of=dates[-1])


@session_asset(group="live", sections=between_rebalances.SECTIONS)
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
    sections=(*between_rebalances.SECTIONS, "live"),
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


@session_asset(
    group="live",
    sections=("portfolio",),
    champion_model=newest(),
    base_models=newest(),
    base_predictions=newest(),
    stack_models=newest(),
    stock_features=newest(),
)
def live_reasons(
    settings: dg.ResourceParam[Settings],
    artifacts: dg.ResourceParam[ArtifactStore],
    live_signals: pd.DataFrame,
    champion_model: pd.DataFrame,
    base_models: pd.DataFrame,
    base_predictions: pd.DataFrame,
    stack_models: pd.DataFrame,
    stock_features: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Why each stock that is wanted, and those just below the cut, have their score and their weight."""
    tables = {"base_models": base_models, "base_predictions": base_predictions, "stack_models": stack_models, "stock_features": stock_features}  # fmt: skip
    made = [
        explaining.reasons(session, live_signals, champion_model, tables, artifacts.get, top_n=settings.portfolio.top_n)
        for session in dates
    ]
    return schemas.concat("live_reasons", made)


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
    made = [day.table(d, name, session, offered=policies.offered(settings)) for session, name, d in found]
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


@session_asset(
    group="live",
    sections=(*between_rebalances.SECTIONS, "ops", "labels"),
    live_signals=days(policies.WATCHED),
    live_market=days(run.RECORD_SESSIONS),
    live_book=days(run.RECORD_SESSIONS),
    champion_model=newest(),
    candidate_portfolios=newest(),
    candidate_returns=newest(policies.YEAR),
    candidate_skill=newest(policies.YEAR),
    event_scores=newest(policies.YEAR),
    event_outcomes=newest(policies.YEAR),
)
def monitoring(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    between: dg.ResourceParam[Between],
    ledger: dg.ResourceParam[BookLedger],
    restatements: dg.ResourceParam[Restatements],
    session_bars: pd.DataFrame,
    live_signals: pd.DataFrame,
    live_market: pd.DataFrame,
    live_book: pd.DataFrame,
    champion_model: pd.DataFrame,
    candidate_portfolios: pd.DataFrame,
    candidate_returns: pd.DataFrame,
    candidate_skill: pd.DataFrame,
    event_scores: pd.DataFrame,
    event_outcomes: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Whether the scores still tell, the market differs, the book earns in every regime, and the runner-up does better."""
    stored = watching.Tables(
        session_bars, live_signals, live_market, live_book, champion_model, candidate_portfolios, candidate_returns,
        candidate_skill, event_scores, event_outcomes,
    )  # fmt: skip
    panel = policies.panel(market_data, dates, policies.WATCHED + 2 * settings.labels.horizon_sessions)
    cutoffs = entries_of.cutoffs(ledger.entries())
    made = []
    for session in dates:
        seen = restatements.news(cutoffs.get(calendar.session_before(session, 1)), cutoffs[session])
        made.append(watching.readings(stored, between.at(session), panel, session, settings, restated=seen))
    return schemas.concat("monitoring", made)


@session_asset(group="live", sections=policies.SECTIONS, live_orders=days(2))
def reconciliation(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    ledger: dg.ResourceParam[BookLedger],
    live_orders: pd.DataFrame,
    live_book: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """What became of each proposal: its shortfall by delay, spread, impact, what was not filled and what a person changed."""
    panel, entries, made = policies.panel(market_data, dates), ledger.entries(), []
    offered = live_orders[(live_orders["shares"] != 0) & live_orders["status"].isin([day.PROPOSED, day.PLACED])]
    for session in dates:
        proposals = offered[offered["session"] == calendar.session_before(session, 1)]
        made.append(
            reconciling.table(
                proposals, entries_of.known_at(entries, session), panel, session, fill=settings.portfolio.fill,
                rates=mandate.cost_rates(settings.portfolio),
            )
        )  # fmt: skip
    return schemas.concat("reconciliation", made)


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
    live_market: pd.DataFrame,
    live_reasons: pd.DataFrame,
    monitoring: pd.DataFrame,
    reconciliation: pd.DataFrame,
    dates: pd.DatetimeIndex,
) -> pd.DataFrame:
    """The page a person opens after each session, and its files."""
    every = report.DailyTables(
        live_signals, live_book, live_orders, safety_report, live_market, live_reasons, monitoring, reconciliation
    )
    made = [live_pages.write(session, every, settings, tables, live_files) for session in dates]
    return schemas.concat("daily_report", made)
