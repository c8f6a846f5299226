"""What the assets of the exports share: how they read tables, and what every page says of how it was made."""

from collections.abc import Callable

import pandas as pd

from trade_assets.resources.tables import TableStore
from trade_assets.settings import Settings


def legs_of(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Roles of the indices there are, and the symbols that stand for them."""
    return tuple((role, symbol) for role, symbol in settings.index_legs().model_dump().items() if symbol is not None)


def facts_of(settings: Settings, newest: str) -> dict[str, str]:
    """What a page says of how it was made."""
    return {
        "Source": settings.data.source,
        "History from": str(settings.history.start),
        "As of": newest,
        "Settings": settings.fingerprint(frozenset(type(settings).model_fields) - {"store"}),
    }


def reader_of(tables: TableStore, fingerprint_of: Callable[[str], str]) -> Callable[[str, list[str]], pd.DataFrame]:
    """Rows of an asset by keys, refused where they were computed under other settings."""
    return lambda asset, keys: tables.read(asset, keys, fingerprint=fingerprint_of(asset))[0]
