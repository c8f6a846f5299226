"""The history, who may be held in it, and what is known and learnt about each stock."""

import datetime as dt

from pydantic import Field

from trade_assets.settings.section import Section


class History(Section):
    start: dt.date = Field(
        default=dt.date(2012, 1, 3),
        description="first rebalance on or after this session; the book begins here in cash",
    )
    end: dt.date | None = Field(
        default=None, description="last session listed as a partition; none means the end of next year"
    )
    anchor: dt.date = Field(default=dt.date(1999, 1, 4), description="session with ordinal 0 of the rebalance grid")
    rebalance_every: int = Field(default=10, ge=1, le=252, description="sessions from one rebalance to the next")
    retrain_every: int = Field(default=6, ge=1, description="rebalances from one fit of the stock models to the next")
    train_rebalances: int = Field(
        default=78, ge=4, description="rebalances in the trailing training window of the stock models"
    )
    inner_folds: int = Field(default=3, ge=1, le=10, description="walk-forward folds inside a training window")


class Universe(Section):
    min_history_sessions: int = Field(
        default=252, ge=1, description="sessions with a bar in the trailing 27 rebalance windows"
    )
    min_price_usd: float | None = Field(
        default=1.0, ge=0, description="smallest raw close; not judged where closes are adjusted"
    )
    min_dollar_volume_usd: float | None = Field(
        default=1e6,
        ge=0,
        description="smallest median daily dollar volume of 63 sessions; not judged where volume is absent",
    )
    first_n: int | None = Field(
        default=None, ge=1, description="keep the n symbols with the largest dollar volume; none keeps all"
    )
    membership: bool = Field(default=True, description="keep only members of the source's index list, where it has one")


class PitAlignment(Section):
    pit_min_lag_days: int = Field(default=1, ge=0, description="days from a filing to its first use")
    default_public_lag_days: int = Field(
        default=45, ge=0, description="days from period end to first use where the filing date is unknown"
    )
    earnings_blackout_days: int = Field(
        default=2,
        ge=0,
        description="sessions after a filing without new buys, and without weight in training; there is no calendar of reports to come",
    )


class Features(Section):
    pit_alignment: PitAlignment = PitAlignment()
    selection: bool = Field(default=False, description="select features inside every fold, on its training rows")
    max_features: int = Field(default=15, ge=1, description="features kept where selection is on")


class Labels(Section):
    horizon_sessions: int = Field(
        default=10, ge=1, description="sessions of the stock outcome; equals history.rebalance_every"
    )
    monitoring_sessions: int = Field(default=5, ge=1, description="sessions of the second outcome, kept for monitoring")
