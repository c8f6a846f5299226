"""The proof: no alarm on clean dates, every planted leak caught and its first artifact named."""

import pytest

from trade_assets import proof
from trade_assets.leaks import LEAKS
from trade_assets.settings import load
from trade_assets_tests.scenarios import system

pytestmark = pytest.mark.xdist_group("history: proof")


def test_clean_dates_are_rebuilt_to_the_same_bytes(history):
    retrains = [history[i] for i, k in enumerate(system.partitions.GRID.ordinals) if k % 3 == 0]
    verdicts = list(proof.prove([retrains[-2], history[-1]], processes=1))
    assert [v.differing for v in verdicts] == [(), ()]
    assert all(len(v.compared) == len(proof.order_of_the_graph()) for v in verdicts)


def decision_before(key: str) -> str:
    """The last rebalance up to ``key`` at which a champion is decided on."""
    every = load().model_selection.every_rebalances
    keys = [
        k for k, ordinal in zip(system.keys(), system.partitions.GRID.ordinals, strict=True) if ordinal % every == 0
    ]
    return next(k for k in reversed(keys) if k <= key)


@pytest.mark.parametrize(
    ("leak", "first"),
    [
        ("centred_window", {"bar_features"}),
        ("whole_sample_scale", {"stock_features"}),
        ("later_close", {"forecast_models", "universe"}),
        ("outcome_of_the_next_window", {"stock_outcomes"}),
        ("bars_without_a_cut", {"bars"}),
        ("cache_of_the_process", {"stock_features"}),
        ("signal_of_the_last_date", {"target_weights"}),
        ("event_on_the_next_bar", {"bar_features"}),
        ("barriers_from_the_path", {"events"}),
        ("missing_purge", {"event_fold_manifest", "trials"}),
        ("calibrator_on_the_test_block", {"event_fold_manifest", "trials"}),
        ("parameters_of_later_trials", {"tuned_parameters"}),
        ("utility_one_session_early", {"allocator_dataset"}),
        ("champion_by_later_returns", {"candidate_evidence"}),
        ("covariance_of_the_whole_panel", {"candidate_portfolios"}),
    ],
)
def test_a_planted_leak_is_caught_and_its_first_artifact_named(history, leak, first):
    key = history[-12] if leak != "champion_by_later_returns" else decision_before(history[-12])
    verdict = next(proof.prove([key], leak=leak, processes=1, assets=sorted(first)))
    assert verdict.first in first


def test_a_narrowed_proof_compares_what_its_assets_are_made_of(history):
    verdict = next(proof.prove(history[-1:], processes=1, assets=["events"]))
    assert verdict.compared == ("bars", "index_bars", "bar_features", "events")
    assert not verdict.differing
    with pytest.raises(ValueError, match=r"the asset must be one of .*, was 'gossip'"):
        proof.order_of_the_graph(["gossip"])


def test_every_leak_is_tried():
    assert len(LEAKS) >= 6


def test_every_rebalance_asset_is_covered():
    rebalance = {
        a.key.to_user_string()
        for a in system.build_definitions().assets
        if a.partitions_def == system.partitions.rebalance_dates
    }
    assert set(proof.order_of_the_graph()) == rebalance


def test_an_unknown_leak_is_refused_by_name():
    with pytest.raises(ValueError, match="must be one of centred_window"), proof.leaks.planted("gossip"):
        pass


def test_a_history_rebuilt_key_by_key_on_nothing_stored_has_the_same_bytes(history):
    verdicts = list(proof.prove_from_scratch(history[:3]))
    assert [(v.key, v.differing) for v in verdicts] == [(key, ()) for key in history[:3]]
