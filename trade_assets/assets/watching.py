"""The readings of one session, put together from what is stored."""

from dataclasses import dataclass

import pandas as pd

from trade_assets import partitions, schemas
from trade_assets.assets.between import AtSession
from trade_assets.assets.live_policies import YEAR
from trade_assets.domain.events import record
from trade_assets.domain.live import account, monitoring
from trade_assets.domain.live.monitoring import Reading, calibration, challenger, drift, freshness, regimes, skill
from trade_assets.domain.live.monitoring import restated as restatements
from trade_assets.domain.prices import Panel
from trade_assets.settings import Settings

REFIT_EVERY = 5  # sessions


@dataclass(frozen=True)
class Tables:
    """Rows of the tables of these names that a run of sessions reads."""

    session_bars: pd.DataFrame
    live_signals: pd.DataFrame
    live_market: pd.DataFrame
    live_book: pd.DataFrame
    champion_model: pd.DataFrame
    candidate_portfolios: pd.DataFrame
    candidate_returns: pd.DataFrame
    candidate_skill: pd.DataFrame
    event_scores: pd.DataFrame
    event_outcomes: pd.DataFrame


def readings(
    stored: Tables,
    now: AtSession,
    panel: Panel,
    session: pd.Timestamp,
    settings: Settings,
    *,
    restated: tuple[int, int | None],
) -> pd.DataFrame:
    """Rows of ``monitoring`` of a session."""
    date = partitions.rebalance_at(session)
    champion = stored.champion_model[stored.champion_model["rebalance_date"] == date]
    found = [
        *(_skill(stored, champion, panel, session, settings) if settings.ops.track_ic else []),
        *regimes.readings(_days(stored, session), stored.live_market[stored.live_market["session"] <= session]),
        *challenger.readings(
            champion,
            stored.candidate_portfolios[stored.candidate_portfolios["rebalance_date"] == date],
            _year(stored.candidate_returns, date),
            panel,
            decided_at=date,
            session=session,
        ),
        *restatements.readings(*restated),
        *_calibration(stored, now, date, session, settings),
        *freshness.readings(
            stored.session_bars[stored.session_bars["session"] == session],
            stored.live_book[stored.live_book["session"] == session],
            date,
            session,
            sessions_since=0 if date is None else int(((panel.sessions > date) & (panel.sessions <= session)).sum()),
        ),
    ]
    return monitoring.table(found, session)


def _skill(
    stored: Tables, champion: pd.DataFrame, panel: Panel, session: pd.Timestamp, settings: Settings
) -> list[Reading]:
    ops, labels = settings.ops, settings.labels
    scores = stored.live_signals[
        (stored.live_signals["strategy"] == "stocks") & (stored.live_signals["session"] <= session)
    ]
    whole, early = (
        skill.by_session(scores, panel, session, horizon=horizon, lookback=ops.ic_lookback_days)
        for horizon in (labels.horizon_sessions, labels.monitoring_sessions)
    )
    by_date, sooner = skill.coefficients(whole), skill.coefficients(early)
    model = champion.loc[champion["role"] == "champion", "model"]
    past = _year(stored.candidate_skill, partitions.rebalance_at(session))
    return [
        *skill.readings(by_date, area="skill", horizon=labels.horizon_sessions, alert=ops.ic_alert_threshold),
        *skill.readings(sooner, area="early", horizon=labels.monitoring_sessions, alert=ops.ic_alert_threshold),
        *skill.quantiles(whole),
        *drift.readings(
            by_date["rank_ic"].dropna().to_numpy(dtype=float),
            past.loc[past["model"].isin(model), "rank_ic"].to_numpy(dtype=float),
            lookback=ops.ic_lookback_days,
            horizon=labels.horizon_sessions,
            threshold=ops.ic_alert_threshold,
        ),
    ]


def _calibration(
    stored: Tables, now: AtSession, date: pd.Timestamp | None, session: pd.Timestamp, settings: Settings
) -> list[Reading]:
    own, events = settings.ops, settings.events
    parts = {
        name: schemas.concat(
            name, [_year(getattr(stored, name), date), *([] if date == session else [now.table(name)])]
        )
        for name in ("event_scores", "event_outcomes")
    }
    judged = record.judged(
        parts["event_scores"], parts["event_outcomes"], label=events.probability, classifier=events.classifier
    )
    place = int(partitions.LIVE_SESSIONS.searchsorted(session))
    return calibration.readings(
        judged,
        recent=own.calibration_events,
        isotonic_from_rows=events.isotonic_from_rows,
        min_rows=events.platt_from_rows,
        prior_rows=events.calibration_prior_events,
        is_refit_day=place % REFIT_EVERY == 0,
    )


def _days(stored: Tables, session: pd.Timestamp) -> pd.DataFrame:
    own = stored.live_book[(stored.live_book["strategy"] == "stocks") & (stored.live_book["session"] <= session)]
    return account.daily(own)


def _year(rows: pd.DataFrame, date: pd.Timestamp | None) -> pd.DataFrame:
    if date is None:
        return rows.iloc[:0]
    inside = partitions.GRID.window(date, last=YEAR)
    return rows[rows["rebalance_date"].isin(inside)]
