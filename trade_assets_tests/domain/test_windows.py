"""Window reductions: equal to slow loops, and the same bits whatever stands around the window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trade_assets.domain import windows
from trade_assets_tests import reference
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import gross_panels, values

PLAIN = {
    "total": (windows.total, sum),
    "mean": (windows.mean, reference.mean),
    "highest": (windows.highest, max),
    "lowest": (windows.lowest, min),
    "std": (windows.std, reference.std),
}
PAIRED = {
    "correlation": (windows.correlation, reference.correlation),
    "slope": (windows.slope, reference.slope),
}
LEVEL = {
    "level_mean": (windows.level_mean, reference.mean),
    "level_high": (windows.level_high, max),
    "level_low": (windows.level_low, min),
}
LEAST = {"std": 2, "correlation": 3, "slope": 3}
EVERY = (*PLAIN, "product", *PAIRED, *LEVEL)


def compute(name, x, n):
    """Any of the functions on one array; the second of a pair is the first upside down and squared."""
    if name in PAIRED:
        return PAIRED[name][0](x, x[:, ::-1] ** 2, n)
    if name == "product":
        return windows.product(x, n)
    return ({**PLAIN, **LEVEL}[name][0])(x, n)


def draw_window(data, name, rows):
    return data.draw(st.integers(LEAST.get(name, 1), max(LEAST.get(name, 1), rows + 2)), label="n")


@pytest.mark.parametrize("name", PLAIN)
@given(x=values(), data=st.data())
def test_equals_the_loop(name, x, data):
    fast, reduce = PLAIN[name]
    n = draw_window(data, name, len(x))
    scale = np.nanmax(np.abs(x), initial=0.0) or 1.0
    np.testing.assert_allclose(
        fast(x, n) / scale, np.array(reference.windowed(x, n, reduce)) / scale, rtol=1e-12, atol=1e-12
    )


@pytest.mark.parametrize("name", PAIRED)
@given(x=values(max_columns=1), y=values(max_columns=1), data=st.data())
def test_a_reduction_of_two_equals_the_loop(name, x, y, data):
    rows = min(len(x), len(y))
    x, y = x[:rows], y[:rows]
    fast, reduce = PAIRED[name]
    n = draw_window(data, name, rows)
    expected = np.array(reference.paired(x, y, n, reduce))
    size = np.nanmax(np.abs(expected), initial=0.0) or 1.0
    np.testing.assert_allclose(fast(x, y, n) / size, expected / size, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("name", LEVEL)
@given(gross=gross_panels(), data=st.data())
def test_a_level_equals_the_loop(name, gross, data):
    fast, reduce = LEVEL[name]
    n = data.draw(st.integers(2, len(gross) + 2))
    np.testing.assert_allclose(fast(gross, n), reference.levels(gross, n, reduce), rtol=1e-12)


@pytest.mark.parametrize("name", EVERY)
@given(x=gross_panels(), data=st.data())
def test_rows_that_follow_change_no_byte(name, x, data):
    n, cut = draw_window(data, name, len(x)), data.draw(st.integers(1, len(x)))
    assert_same_bytes(compute(name, x, n)[:cut], compute(name, x[:cut], n))


@pytest.mark.parametrize("name", EVERY)
@given(x=gross_panels(), data=st.data())
def test_rows_before_the_window_change_no_byte(name, x, data):
    n, k = draw_window(data, name, len(x)), data.draw(st.integers(0, len(x) - 1))
    assert_same_bytes(compute(name, x, n)[k + n - 1 :], compute(name, x[k:], n)[n - 1 :])


@pytest.mark.parametrize("name", EVERY)
@given(x=gross_panels(), data=st.data())
def test_columns_beside_it_change_no_byte(name, x, data):
    n, column = draw_window(data, name, len(x)), data.draw(st.integers(0, x.shape[1] - 1))
    alone = np.ascontiguousarray(x[:, [column]])
    if name in PAIRED:
        together, single = PAIRED[name][0](x, x * x, n), PAIRED[name][0](alone, alone * alone, n)
    else:
        together, single = compute(name, x, n), compute(name, alone, n)
    assert_same_bytes(together[:, [column]], single)


@pytest.mark.parametrize("name", EVERY)
@given(rows=st.integers(0, 12), n=st.integers(3, 6))
def test_a_window_that_is_not_full_is_nan_and_a_full_one_is_not(name, rows, n):
    x = np.exp(np.random.default_rng(rows).normal(0, 0.02, (rows, 2)))
    np.testing.assert_array_equal(np.isnan(compute(name, x, n)), np.repeat(np.arange(rows)[:, None] < n - 1, 2, axis=1))


@given(x=values(with_gaps=False), k=st.integers(0, 70))
def test_lagged_rows_are_the_rows_before(x, k):
    moved = windows.lagged(x, k)
    assert_same_bytes(moved[k:], x[: max(len(x) - k, 0)])
    assert np.isnan(moved[:k]).all()


@pytest.mark.parametrize("name", PAIRED)
def test_what_does_not_vary_has_no_correlation_and_no_slope(name):
    x, y = np.full((30, 1), 0.1), np.random.default_rng(0).normal(size=(30, 1))
    assert np.isnan(PAIRED[name][0](x, y, 20)).all()


@given(n=st.integers(-3, 0))
def test_a_window_without_rows_is_refused_with_its_number(n):
    with pytest.raises(ValueError, match=rf"n must be >= 1, was {n}"):
        windows.total(np.ones((3, 1)), n)
