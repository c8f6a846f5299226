"""MLflow runs that nobody needs: old fits that no champion rests on, and what was marked deleted."""

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

PAGE = 1000


def old(client: Any, experiment_id: str, before: dt.datetime, in_force: str | None) -> list[str]:
    """Runs of fits begun before an instant, those apart that were in force at a rebalance.

    Parameters
    ----------
    client : MlflowClient
    experiment_id : str
    before : datetime
    in_force : str, optional
        Rebalance the registered champion was read at; the newest of all where there is none. Its fits are, of every
        model, those of the newest rebalance up to it: a stack rests on the models below it.
    """
    from mlflow.entities import ViewType

    runs = [r for r in _every(client, [experiment_id], ViewType.ACTIVE_ONLY) if "dagster_partition" in r.data.tags]
    newest: dict[str, str] = {}
    for run in runs:
        model, key = run.data.tags["model"], run.data.tags["dagster_partition"]
        if in_force is None or key <= in_force:
            newest[model] = max(key, newest.get(model, key))
    limit = before.timestamp() * 1000
    return [
        run.info.run_id
        for run in runs
        if run.info.start_time < limit and run.data.tags["dagster_partition"] != newest.get(run.data.tags["model"])
    ]


def marked_deleted(client: Any) -> list[str]:
    """Runs somebody marked deleted, of any experiment."""
    from mlflow.entities import ViewType

    experiments = [e.experiment_id for e in client.search_experiments(view_type=ViewType.ALL)]
    return [run.info.run_id for run in _every(client, experiments, ViewType.DELETED_ONLY)]


def collect(uri: str) -> None:
    """Remove for good what is marked deleted, as ``mlflow gc`` does; raises ``RuntimeError`` with its last words."""
    command = [sys.executable, "-m", "mlflow", "gc", "--backend-store-uri", uri, "--tracking-uri", uri]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"mlflow gc failed: {done.stderr.strip().splitlines()[-1:]}")


def _every(client: Any, experiments: list[str], view: int) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs(experiments, run_view_type=view, max_results=PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return
