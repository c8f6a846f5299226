"""Generated inputs are valid inputs."""

from hypothesis import given

from trade_assets import schemas
from trade_assets_tests.assertions import assert_same_bytes
from trade_assets_tests.generators import bars


@given(generated=bars())
def test_generated_bars_pass_the_schema_unchanged(generated):
    assert_same_bytes(schemas.check("bars", schemas.RAW["bars"], generated), generated)
