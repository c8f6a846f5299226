"""Settings of the selection as the records the domain decides by."""

from trade_assets.domain import champion, evidence
from trade_assets.domain.constructions import Limits
from trade_assets.domain.grid import Cell
from trade_assets.domain.overfitting.score import Thresholds
from trade_assets.settings import ModelSelection, Settings


def cells(settings: Settings) -> list[Cell]:
    """Every model with every construction."""
    models = [candidate.name for candidate in settings.modeling.candidates]
    return [(model, construction) for model in models for construction in settings.model_selection.optimizers]


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
