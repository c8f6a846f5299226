"""The proof: no alarm on clean dates, every planted leak caught and its first artifact named."""

import pytest

from trade_assets import proof
from trade_assets.leaks import LEAKS
from trade_assets.settings import load
from trade_assets_tests import reliability
from trade_assets_tests.scenarios import system


@pytest.mark.reliability("7 dates")
def test_clean_dates_are_rebuilt_to_the_same_bytes(history, figure):
    last_but_one_retrain = retrains(history)[-2]
    others = [key for key in reversed(history) if key != last_but_one_retrain]
    wanted = [last_but_one_retrain, *others][: reliability.count(1, len(history))]
    verdicts = list(proof.prove(wanted, processes=1))
    assert {v.key: v.differing for v in verdicts} == dict.fromkeys(wanted, ())
    assert all(len(v.compared) == len(proof.order_of_the_graph()) for v in verdicts)
    figure(f"sample: {len(verdicts)} dates, {sum(len(v.compared) for v in verdicts)} artifacts, 0 differ")


def retrains(history):
    every = load().history.retrain_every
    return [k for k, ordinal in zip(history, system.partitions.GRID.ordinals, strict=True) if ordinal % every == 0]


def decision_before(key: str) -> str:
    """The last rebalance up to ``key`` at which a champion is decided on."""
    every = load().model_selection.every_rebalances
    keys = [
        k for k, ordinal in zip(system.keys(), system.partitions.GRID.ordinals, strict=True) if ordinal % every == 0
    ]
    return next(k for k in reversed(keys) if k <= key)


CAUGHT = [
    ("centred_window", {"bar_features"}),
    ("whole_sample_scale", {"stock_features"}),
    ("later_close", {"forecast_models", "universe"}),
    ("outcome_of_the_next_window", {"stock_outcomes"}),
    ("bars_without_a_cut", {"bars"}),
    ("cache_of_the_process", {"stock_features"}),
    ("one_date_alone", {"stock_features"}),
    ("ranks_across_dates", {"stock_fold_manifest"}),
    ("selection_on_all_rows", {"stock_fold_manifest"}),
    ("signal_of_the_last_date", {"target_weights"}),
    ("event_on_the_next_bar", {"bar_features"}),
    ("barriers_from_the_path", {"events"}),
    ("missing_purge", {"event_fold_manifest", "trials"}),
    ("calibrator_on_the_test_block", {"event_fold_manifest", "trials"}),
    ("parameters_of_later_trials", {"tuned_parameters"}),
    ("utility_one_session_early", {"allocator_dataset"}),
    ("champion_by_later_returns", {"candidate_evidence"}),
    ("covariance_of_the_whole_panel", {"candidate_portfolios"}),
]
ELSEWHERE = {"restated_fundamentals", "todays_universe"}  # the sample has no facts and no list: test_other_sources


@pytest.mark.reliability("7 leaks")
@pytest.mark.parametrize(("leak", "first"), CAUGHT[: reliability.count(1, len(CAUGHT))])
def test_a_planted_leak_is_caught_and_its_first_artifact_named(history, leak, first, figure):
    verdict = next(proof.prove([shown_at(leak, history)], leak=leak, processes=1, assets=sorted(first)))
    assert verdict.first in first
    figure(f"{len(CAUGHT)} on the sample, all caught and named")


def shown_at(leak, history):
    """The date on which a leak that acts only on some dates acts."""
    if leak == "champion_by_later_returns":
        return decision_before(history[-12])
    if leak in ("ranks_across_dates", "selection_on_all_rows"):
        return retrains(history)[-4]
    return history[len(history) // 2] if leak == "one_date_alone" else history[-12]


def test_a_leak_on_a_single_date_shows_on_no_other(history):
    alone = len(history) // 2
    verdicts = proof.prove([history[alone - 1]], leak="one_date_alone", processes=1, assets=["stock_features"])
    assert [v.first for v in verdicts] == [None]


def test_a_narrowed_proof_compares_what_its_assets_are_made_of(history):
    verdict = next(proof.prove(history[-1:], processes=1, assets=["events"]))
    assert verdict.compared == ("bars", "index_bars", "bar_features", "events")
    assert not verdict.differing
    with pytest.raises(ValueError, match=r"the asset must be one of .*, was 'gossip'"):
        proof.order_of_the_graph(["gossip"])


def test_every_leak_is_tried():
    assert {leak for leak, _ in CAUGHT} | ELSEWHERE == set(LEAKS)
    assert len(LEAKS) >= 12


def test_an_unknown_leak_is_refused_by_name():
    with pytest.raises(ValueError, match="must be one of centred_window"), proof.leaks.planted("gossip"):
        pass


@pytest.mark.reliability("7 dates")
def test_a_history_rebuilt_key_by_key_on_nothing_stored_has_the_same_bytes(history):
    first = history[: reliability.count(1, 12)]
    verdicts = list(proof.prove_from_scratch(first))
    assert [(v.key, v.differing) for v in verdicts] == [(key, ()) for key in first]
