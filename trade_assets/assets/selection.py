"""Selection: the portfolio of every candidate, what each earned, and which one is in force."""

from functools import partial

import dagster as dg
import pandas as pd

from trade_assets import mandate, schemas
from trade_assets.assets import selection_policies
from trade_assets.assets.partitioned import rebalance_asset, window
from trade_assets.assets.searching import Searched, searched
from trade_assets.domain import champion, evidence, grid, grid_returns, prices, training, tuned
from trade_assets.domain import learned_gate as gate
from trade_assets.domain.calendar import Rebalances
from trade_assets.domain.models import skill
from trade_assets.resources.records import Records
from trade_assets.resources.studies import Studies
from trade_assets.resources.workers import Workers
from trade_assets.settings import Settings, load

COST_REBALANCES = 10  # the 63 sessions of volume and volatility behind two fills
COVARIANCE_REBALANCES = 27  # the year of daily returns behind a covariance
TRAIN = load().history.train_rebalances
SKILL = load().model_selection.ic_rebalances
WINDOW = load().model_selection.window_rebalances


@rebalance_asset(group="selection", sections=("portfolio",), stock_predictions=window(lag=1))
def candidate_skill(
    settings: dg.ResourceParam[Settings],
    stock_predictions: pd.DataFrame,
    stock_outcomes: pd.DataFrame,
) -> pd.DataFrame:
    """How well each model's scores of the rebalance before told what came after."""
    judged = skill.score_skill(stock_predictions, stock_outcomes, top_n=settings.portfolio.top_n)
    known = stock_outcomes[["feature_date", "rebalance_date"]].drop_duplicates()
    made = [judged.merge(known, on="feature_date", validate="many_to_one")] if len(judged) else []
    return schemas.concat("candidate_skill", made)


@rebalance_asset(
    group="selection",
    sections=("market_gate", "model_selection", "portfolio", "risk_limits"),
    kinds={"optuna"},
    stock_predictions=window(TRAIN, lag=1),
    stock_outcomes=window(TRAIN),
    market_signals=window(TRAIN, lag=1),
    universe=window(TRAIN, lag=1),
)
def gate_trials(
    settings: dg.ResourceParam[Settings],
    workers: dg.ResourceParam[Workers],
    studies: dg.ResourceParam[Studies],
    stock_predictions: pd.DataFrame,
    stock_outcomes: pd.DataFrame,
    market_signals: pd.DataFrame,
    universe: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Every trial of the searches for a gate and a rank profile, with what its book returned on inner blocks."""
    tune, own, found = settings.model_selection.gate_tuning, selection_policies.fixed_policy(settings), {}
    for date in dates.retrain_dates(tune.every_rebalances):
        past, known = (dates.whole.window(date, last=TRAIN, lag=lag) for lag in (1, 0))
        found[date] = gate.prepared(
            *(
                table[table["rebalance_date"].isin(of)]
                for table, of in (
                    (stock_predictions, past),
                    (stock_outcomes, known),
                    (market_signals, past),
                    (universe, past),
                )
            ),
            date=date,
            model=settings.model_selection.incumbent_model,
            own=own,
            limits=selection_policies.limits(settings),
            cost_frac=2 * mandate.cost_rates(settings.portfolio).floor_frac,
            never_buy=frozenset(settings.portfolio.never_buy),
        )
    objectives = {date: (gate.identity(s), partial(gate.evaluate, s)) for date, s in found.items() if s is not None}
    study = Searched(gate.STUDY, gate.SPACE, gate.values_of(own), tune.optuna_trials, tune.seed)
    return schemas.concat("gate_trials", searched(study, objectives, workers, studies))


@rebalance_asset(group="selection", sections=("market_gate", "model_selection"))
def learned_gate(
    settings: dg.ResourceParam[Settings], gate_trials: pd.DataFrame, dates: Rebalances, previous: pd.DataFrame
) -> pd.DataFrame:
    """Thresholds, exposures and rank profile of the learned gate after each rebalance, or the settings before a search."""
    own = gate.values_of(selection_policies.fixed_policy(settings))
    return tuned.in_force_table(gate_trials, previous, own, dates, study=gate.STUDY)


@rebalance_asset(
    group="selection",
    sections=("market_gate", "modeling", "portfolio", "risk_limits", "model_selection"),
    kinds={"daqp"},
    bars=window(COVARIANCE_REBALANCES),
    candidate_skill=window(SKILL),
)
def candidate_portfolios(
    settings: dg.ResourceParam[Settings],
    stock_predictions: pd.DataFrame,
    base_models: pd.DataFrame,
    universe: pd.DataFrame,
    bars: pd.DataFrame,
    candidate_skill: pd.DataFrame,
    market_signals: pd.DataFrame,
    learned_gate: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """Target weights of every model and construction, before the exposure of the market but where they hold it themselves."""
    policies = selection_policies.gate_policies(settings, learned_gate, dates.dates)
    return grid.portfolios(
        stock_predictions,
        universe,
        previous,
        dates=dates.dates,
        cells=selection_policies.cells(settings),
        limits=selection_policies.limits(settings),
        never_buy=set(settings.portfolio.never_buy),
        panel=prices.panel(bars, through=dates.dates[-1]),
        skill=grid.trailing_skill(candidate_skill, dates=dates.dates, grid=dates.whole, last=SKILL),
        skipped=training.skipped(base_models),
        gated=grid.gates_at(policies, market_signals),
    )


@rebalance_asset(
    group="selection", sections=("portfolio",), bars=window(COST_REBALANCES), candidate_portfolios=window(2, lag=1)
)
def candidate_returns(
    settings: dg.ResourceParam[Settings],
    bars: pd.DataFrame,
    candidate_portfolios: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """What every candidate's portfolio earned since the rebalance before, net of costs."""
    return grid_returns.returns(
        grid.with_scores(candidate_portfolios),
        prices.panel(bars, through=dates.dates[-1]),
        dates=dates,
        rates=mandate.cost_rates(settings.portfolio),
        capital_usd=settings.portfolio.initial_capital_usd,
    )


@rebalance_asset(
    group="selection",
    sections=("model_selection",),
    candidate_returns=window(WINDOW),
    market_signals=window(WINDOW),
    stock_trials=window(WINDOW),
    gate_trials=window(WINDOW),
)
def candidate_evidence(
    settings: dg.ResourceParam[Settings],
    candidate_returns: pd.DataFrame,
    market_signals: pd.DataFrame,
    stock_trials: pd.DataFrame,
    gate_trials: pd.DataFrame,
    dates: Rebalances,
) -> pd.DataFrame:
    """Figures of every candidate at each decision, and what they are worth after so many trials."""
    own = settings.model_selection
    found = evidence.at_decisions(
        candidate_returns, dates=dates.retrain_dates(own.every_rebalances), grid_dates=dates.whole, last=WINDOW
    )
    terms = selection_policies.evidence_terms(own)

    tried = schemas.concat("stock_trials", [stock_trials, gate_trials])

    def tried_until(date: pd.Timestamp) -> pd.DataFrame:
        return tried[tried["rebalance_date"].isin(dates.whole.window(date, last=WINDOW))]

    made = [
        evidence.table(earned, market_signals, tried_until(date), date=date, terms=terms)
        for date, earned in found.items()
        if len(earned.dates) >= own.min_rebalances
    ]
    return schemas.concat("candidate_evidence", made)


@rebalance_asset(group="selection", sections=("modeling", "model_selection"), candidate_returns=window(WINDOW))
def champion_model(
    settings: dg.ResourceParam[Settings],
    records: dg.ResourceParam[Records],
    candidate_returns: pd.DataFrame,
    candidate_evidence: pd.DataFrame,
    dates: Rebalances,
    previous: pd.DataFrame,
) -> pd.DataFrame:
    """The model and construction in force after each date, the runner-up, and why."""
    own = settings.model_selection
    return champion.in_force(
        candidate_returns,
        candidate_evidence,
        evidence.at_decisions(
            candidate_returns, dates=dates.retrain_dates(own.every_rebalances), grid_dates=dates.whole, last=WINDOW
        ),
        previous,
        dates=dates,
        terms=selection_policies.champion_terms(settings),
        rollbacks=records.read(champion.ROLLBACKS),
    )
