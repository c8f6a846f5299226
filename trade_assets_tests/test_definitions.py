"""The composition root: everything loads, and one word names asset, function, table and file."""

import ast
import inspect
from pathlib import Path

import dagster as dg
import pytest

from trade_assets import assets, definitions, partitions, schemas
from trade_assets.assets import between
from trade_assets.settings import SECTIONS, load

ROOT = Path(__file__).parents[1]
PARTITIONED = [a for a in definitions.ASSETS if a.partitions_def is not None]


def name_of(asset: dg.AssetsDefinition) -> str:
    return asset.key.to_user_string()


def test_the_definitions_load_and_every_job_resolves():
    defs = definitions.build_definitions()
    dg.Definitions.validate_loadable(defs)
    for job in ("rebalance", "session", "export"):
        assert defs.resolve_job_def(job).name == job


def test_what_is_passed_in_takes_the_place_of_a_resource():
    assert definitions.build_definitions({"workers": "mine"}).resources["workers"] == "mine"


@pytest.mark.parametrize("asset", PARTITIONED, ids=name_of)
def test_an_asset_has_a_table_a_description_an_owner_and_a_version(asset):
    spec = next(iter(asset.specs))
    table = schemas.TABLES[name_of(asset)]
    assert spec.description
    assert spec.owners
    assert len(spec.code_version) == 12
    assert [c.name for c in spec.metadata["dagster/column_schema"].columns] == list(table.columns)
    assert set(spec.metadata["settings"].split(", ")) <= SECTIONS | {"none of its own"}
    assert asset.backfill_policy == dg.BackfillPolicy.single_run()


def test_every_table_is_the_table_of_an_asset():
    assert set(schemas.TABLES) == {name_of(asset) for asset in PARTITIONED}


def test_every_edge_between_rebalance_assets_maps_one_to_one():
    for asset in PARTITIONED:
        if asset.partitions_def == partitions.rebalance_dates:
            for dep in next(iter(asset.specs)).deps:
                assert dep.partition_mapping is None


@pytest.mark.parametrize("module", assets.GROUPS, ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_a_module_is_a_group(module):
    group = module.__name__.rsplit(".", 1)[-1]
    groups = {
        g
        for asset in definitions.ASSETS
        if asset.op.compute_fn.decorated_fn.__module__ == module.__name__
        for g in asset.group_names_by_key.values()
    }
    assert groups == {group}


def test_an_asset_that_reads_a_section_it_did_not_declare_is_stopped():
    from trade_assets.assets.partitioned import Narrowed

    view = Narrowed(load(), "trades", ("portfolio",))
    assert view.portfolio.top_n == load().portfolio.top_n
    assert view.history.start == load().history.start
    assert view.index_legs().symbols()
    with pytest.raises(AttributeError, match="trades reads the settings section 'modeling'"):
        _ = view.modeling


def test_every_declared_section_is_read_by_the_module_of_its_asset():
    for asset in PARTITIONED:
        declared = set(next(iter(asset.specs)).metadata["settings"].split(", ")) & SECTIONS
        module = next(m for m in assets.GROUPS if hasattr(m, name_of(asset)))
        source = inspect.getsource(module)
        for name in ("policies", "selection_policies", "stock_models", "watching"):
            source += inspect.getsource(getattr(module, name)) if hasattr(module, name) else ""
        if "between" in asset.required_resource_keys:  # what the assets it calls declare, it reads through them
            declared -= {s for a in between.CHAIN for spec in a.specs for s in spec.metadata["settings"].split(", ")}
        for section in declared - {"features"}:
            assert f"settings.{section}" in source, f"{name_of(asset)} declares {section}"


def test_the_grid_lists_every_tenth_session_from_the_anchor():
    keys = partitions.rebalance_dates.get_partition_keys()
    assert keys[0] == "2014-01-13"
    assert keys == [partitions.key_of(d) for d in partitions.GRID.dates]


SOURCES = list(ROOT.joinpath("trade_assets").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.stem)
def test_no_source_catches_everything(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            caught = ast.unparse(node.type) if node.type else "everything"
            assert caught not in {"everything", "Exception", "BaseException"}, f"line {node.lineno}"
