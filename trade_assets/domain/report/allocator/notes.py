"""What a reader must know before trusting the page: computed from the tables, not remembered."""

import numpy as np

from trade_assets.domain.allocator.utility import FILL_SESSIONS
from trade_assets.domain.report.allocator import record
from trade_assets.domain.report.allocator.tables import AllocatorTables, Terms
from trade_assets.domain.report.events.notes import stand_ins
from trade_assets.domain.report.writing import percent, ratio


def of(tables: AllocatorTables, terms: Terms) -> list[str]:
    """Sentences on fills, costs, what is compared and how much evidence there is."""
    cost = terms.rulebook.rules.cost_frac
    return [
        "A weight is decided at the close of a session, filled at the next close and earns from the session after.",
        f"What is shared out is capital; what is traded is each sleeve's position in proportion, at {ratio(1e4 * cost, 1)} "
        "basis points a side. Capital moved between sleeves that hold nothing therefore costs nothing, though it counts "
        "as turnover.",
        "The sleeves are those of the event engine, net of its own costs; what the allocator trades comes on top. "
        "Cash earns nothing.",
        "The event engine's legs are made equal at every close without a cost for doing so; half and half is the same "
        "mix and pays for it. Beating the engine is therefore the harder of the two.",
        f"The best mix known is the constant mix that grew most over the {terms.constant_mix_sessions:,} sessions before each "
        "rebalance, chosen then and held to the next{_best(tables)}; it is not the best in hindsight.",
        *stand_ins(terms.legs),
        *_unjudged(tables),
        *_peak(tables),
        *_idle(tables),
        *_overlap(tables, terms),
    ]


def _best(tables: AllocatorTables) -> str:
    book = tables.allocated_book
    return f" (now {percent(book['best_mix_qqq'].iloc[-1], 0)} QQQ)" if len(book) else ""


def _unjudged(tables: AllocatorTables) -> list[str]:
    book = tables.allocated_book
    judged = int(book["is_judged"].sum())
    if not len(book):
        return []
    if not judged:
        return [f"None of {len(book):,} sessions was held as a model had decided: nothing is judged yet."]
    waited = len(book) - judged
    return [f"{waited:,} of {len(book):,} sessions passed before a model decided what was held; they are not judged, and no figure counts them."] if waited else []  # fmt: skip


def _peak(tables: AllocatorTables) -> list[str]:
    rows, book = tables.allocation, tables.allocated_book
    judged = book[book["is_judged"]]
    if not len(judged) or not len(rows):
        return []
    newest = rows.iloc[-1]
    if newest["peak"] <= judged["equity"].max() * (1 + 1e-12):
        return []
    return ["The drawdown guard counts from the book's highest value ever, which lies before the first model; the drawdowns under Performance count from the first model on."]  # fmt: skip


def _idle(tables: AllocatorTables) -> list[str]:
    share = record.idle_share(tables.allocated_book)
    if np.isnan(share) or share == 0:
        return []
    return [f"On {percent(share, 0)} of the judged sessions neither sleeve earned or lost anything: there no weight could make a difference."]  # fmt: skip


def _overlap(tables: AllocatorTables, terms: Terms) -> list[str]:
    models = tables.allocator_models
    if not len(models):
        return []
    n, reach = int(models.loc[models["retrain_date"].idxmax(), "n_train_rows"]), terms.horizon_sessions + FILL_SESSIONS
    return [f"A label reaches over {reach} sessions, so the {n:,} training sessions of the newest fit are worth about {n / reach:,.0f} independent ones."]  # fmt: skip
