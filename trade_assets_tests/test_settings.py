"""Settings: defaults from the documents, unknown keys refused by name, a fingerprint of what matters."""

from pathlib import Path

import pytest

from trade_assets import settings
from trade_assets.settings import Settings


@pytest.fixture
def from_file(tmp_path, monkeypatch):
    def load(text: str) -> Settings:
        path = tmp_path / "settings.yaml"
        path.write_text(text)
        monkeypatch.setenv("TRADE_ASSETS_FILE", str(path))
        return settings.load.__wrapped__()

    return load


def test_the_defaults_are_those_of_the_requirements(from_file):
    s = from_file("{}")
    assert (s.portfolio.top_n, s.portfolio.max_weight, s.portfolio.costs_bps, s.portfolio.slippage_bps) == (
        10,
        0.15,
        1,
        2,
    )
    assert (s.portfolio.max_turnover, s.risk_limits.max_sector_weight, s.labels.horizon_sessions) == (0.40, 0.30, 10)
    gate = s.market_gate
    assert (gate.favorable, gate.unfavorable, gate.seed) == (0.70, 0.55, 42)
    assert (gate.favorable_exposure, gate.neutral_exposure, gate.unfavorable_exposure) == (1.0, 0.6, 0.2)
    assert (s.history.retrain_every, s.history.train_rebalances, s.history.inner_folds) == (6, 78, 3)
    pit = s.features.pit_alignment
    assert (pit.pit_min_lag_days, pit.default_public_lag_days, pit.earnings_blackout_days) == (1, 45, 2)
    lgbm = s.modeling.lightgbm_params
    assert (lgbm.num_leaves, lgbm.learning_rate, lgbm.feature_fraction, lgbm.bagging_freq) == (31, 0.05, 0.8, 5)
    assert (s.modeling.num_boost_round, s.modeling.early_stopping_rounds) == (1000, 50)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("portfolio: {top_m: 3}", "portfolio.top_m"),
        ("portfolios: {top_n: 3}", "portfolios"),
        ("portfolio: {top_n: 0}", "portfolio.top_n"),
        ("portfolio: {top_n: many}", "portfolio.top_n"),
        ("portfolio: {max_weight: 1.5}", "portfolio.max_weight"),
        ("market_gate: {favorable: 0.5, unfavorable: 0.6}", "must lie below favorable"),
        ("market_gate: {source: file}", "market_gate.file must name a file"),
        ("data: {source: files}", "data.files.path must name a directory"),
        ("labels: {horizon_sessions: 5}", "must equal history.rebalance_every"),
        ("history: {start: yesterday}", "history.start"),
        ("modeling: {candidates: [{name: a, algorithm: svm}]}", "modeling.candidates"),
    ],
)
def test_a_bad_setting_is_refused_by_name(from_file, text, named):
    with pytest.raises(ValueError, match="settings are not valid") as refused:
        from_file(text)
    assert named in str(refused.value)


def test_an_unknown_section_in_the_environment_is_refused(from_file, monkeypatch):
    monkeypatch.setenv("TRADE_ASSETS__PORTFOLLIO__TOP_N", "3")
    with pytest.raises(ValueError, match="TRADE_ASSETS__PORTFOLLIO__TOP_N"):
        from_file("{}")


def test_an_unknown_key_in_the_environment_is_refused(from_file, monkeypatch):
    monkeypatch.setenv("TRADE_ASSETS__PORTFOLIO__TOP_M", "3")
    with pytest.raises(ValueError, match=r"portfolio\.top_m"):
        from_file("{}")


def test_the_environment_outranks_the_file(from_file, monkeypatch):
    monkeypatch.setenv("TRADE_ASSETS__PORTFOLIO__TOP_N", "7")
    assert from_file("portfolio: {top_n: 5}").portfolio.top_n == 7


def test_a_named_file_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setenv("TRADE_ASSETS_FILE", "nowhere.yaml")
    with pytest.raises(ValueError, match=r"nowhere\.yaml"):
        settings.load.__wrapped__()


def test_settings_cannot_be_changed_once_read():
    with pytest.raises(ValueError, match="frozen"):
        settings.load().portfolio.top_n = 3  # type: ignore[misc]


def test_the_fingerprint_moves_with_a_section_that_is_read_and_with_no_other(from_file):
    base, other = from_file("{}"), from_file("portfolio: {top_n: 5}")
    assert base.fingerprint(frozenset({"portfolio"})) != other.fingerprint(frozenset({"portfolio"}))
    assert base.fingerprint(frozenset({"modeling"})) == other.fingerprint(frozenset({"modeling"}))


def test_the_fingerprint_moves_with_the_start_of_the_history_and_not_with_its_end(from_file):
    base = from_file("{}").fingerprint(frozenset())
    assert from_file("history: {start: 2013-01-02}").fingerprint(frozenset()) != base
    assert from_file("history: {end: 2017-01-03}").fingerprint(frozenset()) == base
    assert from_file("store: {url: elsewhere}").fingerprint(frozenset()) == base


def test_every_setting_says_what_it_is_or_is_a_parameter_of_a_library():
    library = {"LightGBMParams", "XGBoostParams", "RandomForestParams", "ElasticNetParams"}
    for name, section in Settings.model_fields.items():
        for key, field in section.annotation.model_fields.items():
            plain = not isinstance(field.annotation, type) or not issubclass(field.annotation, settings.Section)
            if plain and section.annotation.__name__ not in library:
                assert (
                    field.description
                    or key in {"seed"}
                    or "exposure" in key
                    or key in {"num_leaves", "learning_rate", "min_data_in_leaf"}
                ), f"{name}.{key}"


def test_the_page_of_settings_is_up_to_date():
    page = Path(__file__).parents[1] / "docs" / "settings.md"
    assert page.read_text() == settings.page()
