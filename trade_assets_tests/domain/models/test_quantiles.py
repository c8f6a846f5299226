"""Quantile forecasts: they never cross, and their loss is the pinball loss."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_pinball_loss

from trade_assets.domain.models import quantiles
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import FEW, SEEDS, SESSIONS

PARAMETERS = {"num_boost_round": 20, "num_leaves": 7, "learning_rate": 0.1, "min_data_in_leaf": 10, "seed": 42}


def job(seed=0, n=300, constant=False):
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, (n, 4))
    y = np.zeros(n) if constant else rng.normal(0, 0.02, n) * (1 + (x[:, 0] > 0))
    return quantiles.Job(pd.Timestamp("2018-01-02"), x, y, SESSIONS[:n], PARAMETERS)


@FEW
@given(seed=st.integers(0, 1000))
def test_forecasts_never_cross_and_are_the_raw_ones_rearranged(seed):
    fitted, x = quantiles.fit(job(seed)), job(seed + 1).x
    values, crossed = quantiles.predict(fitted.texts, x)
    assert (np.diff(values, axis=1) >= 0).all()
    raw = np.column_stack([quantiles.predict((text,), x)[0] for text in fitted.texts])
    assert_same_bytes(np.sort(raw, axis=1), values)
    assert_same_bytes(crossed, (np.sort(raw, axis=1) != raw).any(axis=1))


def test_crossed_models_are_reported_and_put_in_order():
    fitted, x = quantiles.fit(job()), job(1).x
    values, crossed = quantiles.predict(fitted.texts[::-1], x)
    assert crossed.all()
    assert_same_bytes(values, quantiles.predict(fitted.texts, x)[0])


def test_a_row_is_forecast_the_same_alone():
    fitted, x = quantiles.fit(job()), job(1).x
    together, _ = quantiles.predict(fitted.texts, x)
    assert_same_bytes(together[7:8], quantiles.predict(fitted.texts, x[7:8])[0])


def test_two_fits_give_the_same_texts_and_losses():
    assert quantiles.fit(job()).texts == quantiles.fit(job()).texts
    assert quantiles.fit(job()).pinball_losses == quantiles.fit(job()).pinball_losses


def test_the_losses_are_those_of_the_raw_forecasts_on_the_training_rows():
    fitted = quantiles.fit(job())
    for text, loss, quantile in zip(fitted.texts, fitted.pinball_losses, quantiles.QUANTILES, strict=True):
        forecast = quantiles.predict((text,), job().x)[0][:, 0]
        assert loss == pytest.approx(mean_pinball_loss(job().y, forecast, alpha=quantile), rel=1e-12)


def test_an_outcome_that_never_changes_is_forecast_as_it_is():
    values, crossed = quantiles.predict(quantiles.fit(job(constant=True)).texts, job(1).x)
    np.testing.assert_allclose(values, 0, atol=1e-12)
    assert not crossed.any()


@FEW
@given(seed=SEEDS, quantile=st.floats(0.01, 0.99), n=st.integers(1, 50))
def test_pinball_loss_equals_an_independent_one_and_is_least_at_the_quantile(seed, quantile, n):
    y, forecast = np.random.default_rng(seed).normal(0, 1, (2, n))
    assert quantiles.pinball_loss(y, forecast, quantile) == pytest.approx(
        mean_pinball_loss(y, forecast, alpha=quantile), rel=1e-12
    )
    best = np.quantile(y, quantile, method="inverted_cdf")
    assert (
        quantiles.pinball_loss(y, np.full(n, best), quantile)
        <= quantiles.pinball_loss(y, forecast * 0 + forecast[0], quantile) + 1e-12
    )
