"""Training runs in MLflow, tied to the materialisation that made them, and back."""

import datetime as dt
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from trade_assets.resources import tracked_runs

EXPERIMENT = "trade_assets"
REGISTERED, ALIAS = "trade_assets_champion", "champion"
SQLITE = "sqlite:///"


class Tracking:
    """One MLflow run a model and retrain date; the client is made when the first is logged."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._client = None
        self._experiment_id = ""

    def log(
        self,
        context: dg.AssetExecutionContext,
        model: str,
        as_of: pd.Timestamp,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
    ) -> None:
        """Record a fit, and its MLflow run in the metadata of the partition it belongs to."""
        from mlflow.entities import Metric, Param

        client, key = self._started(), as_of.strftime("%Y-%m-%d")
        tags = {
            "mlflow.runName": f"{model} {key}",
            "dagster_run_id": context.run.run_id,
            "dagster_asset": context.asset_key.to_user_string(),
            "dagster_partition": key,
            "model": model,
        }
        run = client.create_run(self._experiment_id, tags=tags)
        kept = [Metric(name, float(value), 0, 0) for name, value in metrics.items() if value == value]
        client.log_batch(
            run.info.run_id,
            metrics=kept,
            params=[Param(name, str(value)) for name, value in parameters.items()],
        )
        client.set_terminated(run.info.run_id)
        context.add_asset_metadata({f"mlflow_run_{model}": dg.MetadataValue.text(run.info.run_id)}, partition_key=key)

    def log_entry(self, context: dg.AssetExecutionContext, fit: pd.DataFrame) -> None:
        """Record the one row of a ``base_models`` fit."""
        row = fit.iloc[0]
        parameters = {
            "retrain_date": row["retrain_date"].date(),
            "n_rows": row["n_rows"],
            "artifact_sha256": row["artifact_sha256"],
        }
        parameters |= {"size": json.loads(row["parameters"])["size"]}
        inner = {f"rank_ic_{name}": ic for name, ic in json.loads(row["inner_folds"]).items() if ic is not None}
        self.log(
            context,
            row["model"],
            row["retrain_date"],
            parameters,
            inner | {"inner_rank_ic": row["inner_rank_ic"]},
        )

    def mirror(self, source: Path, tags: Mapping[str, str]) -> str:
        """Point the alias ``champion`` of the registered model at a version with these tags; returns its number.

        A version is made where the tags other than ``partition`` are new; the alias only shows what the table says.
        """
        client = self._started()
        if not client.search_registered_models(f"name = '{REGISTERED}'"):
            client.create_registered_model(
                REGISTERED, description="The candidate in force; written from champion_model."
            )
        fixed = {name: value for name, value in tags.items() if name != "partition"}
        current = self._champion()
        if current is not None and all(current.tags.get(name) == value for name, value in fixed.items()):
            client.set_model_version_tag(REGISTERED, current.version, "partition", tags["partition"])
            return str(current.version)
        made = client.create_model_version(REGISTERED, source=source.resolve().as_uri(), tags=dict(tags))
        client.set_registered_model_alias(REGISTERED, ALIAS, made.version)
        return str(made.version)

    def prune(self, before: dt.datetime, *, dry_run: bool = False) -> int:
        """Remove the runs of fits begun before an instant, and what is marked deleted; returns how many.

        The fits the champion in force rests on are kept. Where the store is a server, its own `mlflow gc` removes for
        good what is marked deleted here.
        """
        own = self._uri.startswith(SQLITE)
        if own and not Path(self._uri.removeprefix(SQLITE)).exists():
            return 0
        client, in_force = self._started(), self._champion()
        partition = None if in_force is None else in_force.tags.get("partition")
        old = tracked_runs.old(client, self._experiment_id, before, partition)
        gone = tracked_runs.marked_deleted(client) if own else []
        if not dry_run:
            for run_id in old:
                client.delete_run(run_id)
            if own and (old or gone):
                tracked_runs.collect(self._uri)
        return len(old) + len(gone)

    def _champion(self) -> Any:
        from mlflow.exceptions import MlflowException

        try:
            return self._started().get_model_version_by_alias(REGISTERED, ALIAS)
        except MlflowException:
            return None

    def _started(self):
        if self._client is None:
            os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
            os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
            if self._uri.startswith(SQLITE):
                Path(self._uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
            from mlflow import MlflowClient

            self._client = MlflowClient(self._uri)
            experiment = self._client.get_experiment_by_name(EXPERIMENT)
            self._experiment_id = experiment.experiment_id if experiment else self._client.create_experiment(EXPERIMENT)
        return self._client


class Untracked(Tracking):
    """No record of fits: for proofs, which repeat what has been recorded."""

    def __init__(self) -> None:
        super().__init__("")

    def log(
        self,
        context: dg.AssetExecutionContext,
        model: str,
        as_of: pd.Timestamp,
        parameters: Mapping[str, object],
        metrics: Mapping[str, float],
    ) -> None:
        """Record nothing."""

    def mirror(self, source: Path, tags: Mapping[str, str]) -> str:
        """Mirror nothing."""
        return ""
