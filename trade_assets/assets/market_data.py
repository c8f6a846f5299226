"""Market data: what the sources offered, cut into rebalance windows, and who may be held."""

import dagster as dg
import pandas as pd

from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.domain import calendar, prices
from trade_assets.domain import universe as universe_domain
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.events import bars as event_bars
from trade_assets.resources.market_data.protocol import MarketData
from trade_assets.settings import Settings

LOOKBACK = 27  # rebalances: 270 sessions, enough for the longest window of a feature
FACTS = 57  # rebalances: a figure and the same period's a year before it


@rebalance_asset(group="market_data")
def bars(market_data: dg.ResourceParam[MarketData], dates: Rebalances) -> pd.DataFrame:
    """Raw daily prices, volumes and corporate actions of every symbol and the index legs."""
    sessions = dates.sessions()
    rows = market_data.bars(sessions["session"].iloc[0], dates.dates[-1], as_of=dates.dates[-1])
    return rows.merge(sessions.drop(columns="decided_at"), on="session", validate="many_to_one")


@rebalance_asset(group="market_data", sections=("events",))
def index_bars(
    settings: dg.ResourceParam[Settings], market_data: dg.ResourceParam[MarketData], dates: Rebalances
) -> pd.DataFrame:
    """Bars of the two index legs at the event frequency."""
    sessions = dates.sessions()
    rows = market_data.index_bars(sessions["session"].iloc[0], dates.dates[-1], as_of=dates.dates[-1])
    of = event_bars.grid(pd.DatetimeIndex(sessions["session"]), minutes=settings.events.bar_minutes)
    made = event_bars.on_grid(rows, of, sessions)
    return made.merge(sessions.drop(columns="decided_at"), on="session", validate="many_to_one")


@rebalance_asset(group="market_data", sections=("features",))
def fundamentals(market_data: dg.ResourceParam[MarketData], dates: Rebalances) -> pd.DataFrame:
    """Reported figures, by the moment each became public."""
    sessions = dates.sessions()
    rows = market_data.fundamentals(sessions["session"].iloc[0], dates.dates[-1], as_of=dates.dates[-1])
    return rows.assign(rebalance_date=_first_close_at_or_after(rows["available_utc"], dates))


@rebalance_asset(
    group="market_data",
    sections=("universe", "risk_limits", "features"),
    bars=window(LOOKBACK),
    fundamentals=window(FACTS),
)
def universe(
    settings: dg.ResourceParam[Settings],
    market_data: dg.ResourceParam[MarketData],
    bars: pd.DataFrame,
    fundamentals: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Stocks that may be held from each date, and why the others may not."""
    rules, sizes, panel = settings.universe, settings.risk_limits, prices.panel(bars, through=dates.dates[-1])
    listed = universe_domain.universe(
        panel,
        universe_domain.adjusted_symbols(bars),
        fundamentals,
        market_data.membership(as_of=dates.dates[-1]),
        dates=dates.dates,
        legs=settings.index_legs().symbols(),
        lookback_sessions=LOOKBACK * settings.history.rebalance_every,
        rules=universe_domain.Rules(
            **rules.model_dump(), blackout_sessions=settings.features.pit_alignment.earnings_blackout_days
        ),
        sizes=universe_domain.SizeLimits(**sizes.model_dump(exclude={"max_sector_weight"})),
    )
    return listed.assign(is_survivorship_free=market_data.is_survivorship_free)


def _first_close_at_or_after(instants: pd.Series, dates: Rebalances) -> pd.DatetimeIndex:
    closes = calendar.close_utc(dates.dates)
    return dates.dates[closes.searchsorted(pd.DatetimeIndex(instants))]
