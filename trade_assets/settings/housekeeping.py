"""How long what nobody needs is kept."""

from pydantic import Field

from trade_assets.settings.section import Section


class Housekeeping(Section):
    keep_runs_days: int = Field(
        default=90,
        ge=1,
        description="days a finished Dagster run is kept; longer where it stored the newest of a partition",
    )
    keep_tracking_days: int = Field(
        default=365, ge=1, description="days an MLflow run of a fit is kept; longer where the champion rests on it"
    )
    keep_partials_hours: int = Field(
        default=24, ge=1, description="hours that a half-written file, or a model no table names, is kept"
    )
