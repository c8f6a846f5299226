"""Settings of the selection as the records the domain decides by."""

import pandas as pd

from trade_assets import mandate
from trade_assets.domain import champion, evidence, learned_gate, tuned
from trade_assets.domain.constructions import Limits
from trade_assets.domain.grid import GATED, Cell
from trade_assets.domain.learned_gate import Policy
from trade_assets.domain.overfitting.score import Thresholds
from trade_assets.settings import ModelSelection, Settings


def cells(settings: Settings) -> list[Cell]:
    """Every model with every construction; of the incumbent model the gated ones too."""
    own, every = settings.model_selection, [candidate.name for candidate in settings.modeling.candidates]
    return [
        (model, construction)
        for model in every
        for construction in (*own.optimizers, *(GATED if model == own.incumbent_model else ()))
    ]


def fixed_policy(settings: Settings) -> Policy:
    """The gate and the rank profile of the settings."""
    return learned_gate.fixed(mandate.thresholds(settings.market_gate))


def gate_policies(
    settings: Settings, learned: pd.DataFrame, dates: pd.DatetimeIndex
) -> dict[tuple[pd.Timestamp, str], Policy]:
    """The policy of each gated construction at each date."""
    own = fixed_policy(settings)
    found = {
        (date, "learned_gate"): learned_gate.policy_of(tuned.values_at(learned, date, study=learned_gate.STUDY), own)
        for date in dates
    }
    return found | {(date, "fixed_gate"): own for date in dates}


def limits(settings: Settings) -> Limits:
    """What binds every construction."""
    portfolio = settings.portfolio
    return Limits(
        portfolio.top_n,
        portfolio.max_weight,
        settings.risk_limits.max_sector_weight,
        top_k=portfolio.top_k,
        min_weight=portfolio.pypfopt.min_weight,
        l2_reg=portfolio.pypfopt.l2_reg,
        mu_mapping=portfolio.pypfopt.mu_mapping,
        max_turnover=portfolio.max_turnover,
    )


def thresholds(own: ModelSelection) -> Thresholds:
    """What every candidate must reach."""
    floors = own.thresholds
    return Thresholds(floors.sharpe_min, floors.max_drawdown_max, floors.calmar_min, floors.turnover_max)


def evidence_terms(own: ModelSelection) -> evidence.Terms:
    """How candidates are judged."""
    weights = own.selection_weights.model_dump()
    return evidence.Terms(weights, thresholds(own), own.seed, own.bootstrap_reps)


def champion_terms(settings: Settings) -> champion.Terms:
    """What a candidate must show to be put in force."""
    own = settings.model_selection
    return champion.Terms(
        incumbent=(own.incumbent_model, own.incumbent_construction),
        thresholds=thresholds(own),
        alpha=own.alpha,
        first=own.min_rebalances,
        n_models=len(settings.modeling.candidates),
        paired_alpha=own.paired_alpha,
        least_deflated=own.deflated_sharpe_min,
        pbo_max=own.pbo_max,
        loss_max=own.loss_max,
        seed=own.seed,
        reps=own.bootstrap_reps,
    )
