"""What a schema cannot say of the allocator's tables, checked after every run."""

import dagster as dg
import pandas as pd

from trade_assets.assets import allocator
from trade_assets.assets import allocator_policies as policies
from trade_assets.assets.checking import TOLERANCE, check, result
from trade_assets.domain.allocator import acceptance
from trade_assets.settings import Settings

BLOCKS = (
    ("train_label_last", "calibration_first"),
    ("train_label_last", "test_first"),
    ("calibration_label_last", "test_first"),
)


@check(allocator.allocation)
def allocated_weights_and_cash_sum_to_one(allocation: pd.DataFrame) -> dg.AssetCheckResult:
    """Weights of the legs and cash of every session sum to 1, and none is negative."""
    weights = allocation[["w_qqq", "w_spy", "cash"]]
    broken = ((weights.sum(axis=1) - 1).abs() > TOLERANCE) | (weights < -TOLERANCE).any(axis=1)
    return result(allocation.loc[broken, "rebalance_date"], "weights and cash sum to 1 to 1e-9")


@check(allocator.allocation)
def the_mix_moves_no_faster_than_its_cap(
    allocation: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """No session moves the mix by more than the cap, a tuned one included."""
    cap = max(settings.allocator.daily_cap, policies.LARGEST_DAILY_CAP)
    moved = (allocation["mix_qqq"] - allocation["held_mix"]).abs()
    return result(
        allocation.loc[moved > cap + TOLERANCE, "rebalance_date"], f"the mix moves at most {cap:.0%} a session"
    )


@check(allocator.allocator_dataset)
def utilities_are_known_after_their_horizon(
    allocator_dataset: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """Every utility became known a fill and a horizon after its decision, and in the partition it is in."""
    rows = allocator_dataset
    least = pd.Timedelta(days=settings.allocator.horizon_sessions)
    broken = (rows["label_end"] - rows["session"] <= least) | (rows["label_end"] > rows["rebalance_date"])
    return result(rows.loc[broken, "rebalance_date"], "utilities become known after their horizon")


@check(allocator.allocator_fold_manifest)
def no_utility_reaches_its_test(allocator_fold_manifest: pd.DataFrame) -> dg.AssetCheckResult:
    """The labels of every block end before the next block begins, and those of a fit before it is used."""
    rows = allocator_fold_manifest
    broken = pd.Series(False, index=rows.index)
    for before, after in BLOCKS:
        broken |= rows[before] >= rows[after]
    broken |= rows[["train_label_last", "calibration_label_last"]].max(axis=1) > rows["test_after"]
    return result(rows.loc[broken, "rebalance_date"], "every label of a block ends before the next block begins")


@check(allocator.allocator_report, blocking=False)
def the_allocator_is_accepted(
    allocator_report: pd.DataFrame, settings: dg.ResourceParam[Settings]
) -> dg.AssetCheckResult:
    """As of the newest date the allocator beats the engine by more than luck, within every limit (R-110, R-111)."""
    every = acceptance.gates_of(allocator_report, policies.acceptance_limits(settings))
    failed = [gate for gate in every if not gate.passed and gate.severity == "error"]
    dates = allocator_report["rebalance_date"].nlargest(1 if failed else 0)
    told = {gate.name: gate.sentence for gate in failed}
    verdict = "the allocator is accepted" if not failed else "the engine's equal parts stay in force"
    return result(dates, verdict, dg.AssetCheckSeverity.WARN, told)
