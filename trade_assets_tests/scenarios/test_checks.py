"""Every asset check fails on the fault it is there for."""

import dagster as dg
import pytest

from trade_assets import definitions
from trade_assets.assets import checks
from trade_assets_tests.scenarios import system

pytestmark = pytest.mark.xdist_group("history")


def stored(asset, keys):
    return system.TableStore(system.base()).read(asset, keys)[0]


FAULTS = {
    "weights_and_cash_sum_to_one": ("target_weights", lambda f: f.assign(weight=f["weight"] * 1.001)),
    "book_balances": ("portfolio_book", lambda f: f.assign(value_usd=f["value_usd"] + 1.0)),
    "quantiles_are_ordered": ("market_forecasts", lambda f: f.assign(tft_p10=f["tft_p90"] + 1.0)),
    "no_label_reaches_its_test": ("stock_fold_manifest", lambda f: f.assign(train_last=f["test_first"])),
    "every_feature_varies": ("stock_features", lambda f: f.assign(rsi_14=float("nan"))),
    "signals_are_fresh": ("market_signals", lambda f: f.assign(is_stale=True)),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_check_passes_on_the_history_and_fails_on_its_fault(history, name):
    asset, fault = FAULTS[name]
    check = getattr(checks, name).node_def.compute_fn.decorated_fn
    rows = stored(asset, history[-5:])
    clean, broken = check(rows), check(fault(rows))
    assert clean.passed or name == "every_feature_varies"
    assert not broken.passed
    if name != "every_feature_varies":
        assert history[-1] in broken.metadata["failing_keys"].text
    else:
        assert "rsi_14" in broken.description


def test_every_check_has_its_fault():
    assert {n for n, c in vars(checks).items() if isinstance(c, dg.AssetChecksDefinition)} == set(FAULTS)


def test_the_checks_run_with_the_job(history):
    result = system.materialise(history[-1:], files=system.base())
    ran = {
        e.event_specific_data.check_name for e in result.all_events if e.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    assert ran == set(FAULTS)
    assert definitions.build_definitions().asset_checks
