"""The model in force in its native form, and its mirror in MLflow."""

import hashlib

import dagster as dg

from trade_assets.assets import selection, stocks
from trade_assets.assets.exporting import reader_of
from trade_assets.assets.partitioned import OWNERS
from trade_assets.domain import production
from trade_assets.resources.artifacts import ArtifactStore
from trade_assets.resources.exports import Exports
from trade_assets.resources.tables import MissingPartitionError, TableStore
from trade_assets.resources.tracking import Tracking

DIRECTORY = "production"


@dg.asset(
    group_name="exports",
    deps=[selection.champion_model, stocks.base_models, stocks.stack_models],
    owners=OWNERS,
    kinds={"json", "mlflow"},
)
def production_model(
    context: dg.AssetExecutionContext,
    tables: dg.ResourceParam[TableStore],
    fingerprint_of: dg.ResourceParam[object],
    artifacts: dg.ResourceParam[ArtifactStore],
    tracking: dg.ResourceParam[Tracking],
    exports: dg.ResourceParam[Exports],
) -> None:
    """The native model in force at the newest rebalance, as files and as the alias ``champion`` in MLflow."""
    keys = tables.keys("champion_model")[-1:]
    if not keys:
        raise MissingPartitionError("production_model: nothing is stored yet; materialise the rebalance job first")
    read = reader_of(tables, fingerprint_of)
    rows = read("champion_model", keys)
    own = rows[rows["role"] == "champion"].iloc[0]
    files = production.native_files(own["model"], read("base_models", keys), read("stack_models", keys), artifacts.get)
    written = [exports.text(f"{DIRECTORY}/{name}", text) for name, text in files.items()]
    content = hashlib.sha256("".join(f"{name}\0{text}\0" for name, text in files.items()).encode()).hexdigest()
    tags = {name: own[name] for name in ("model", "construction", "status")} | {"partition": keys[0]}
    version = tracking.mirror(exports.directory / DIRECTORY, tags | {"sha256": content}) if files else ""
    context.add_output_metadata(
        {"as_of": keys[0], "mlflow_version": version}
        | {path.name: dg.MetadataValue.path(str(path)) for path in written}
    )
