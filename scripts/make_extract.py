"""Cut the shipped extract from NannyML's employment data: python make_extract.py ORIGINALS.

ORIGINALS holds employment_reference.parquet, employment_analysis.parquet and
employment_labels.parquet: the files employment_MA_reference.pq, employment_MA_analysis.pq
and employment_MA_analysis_target.pq of the wheel nannyml 0.13.1. The values stay as they are.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

REFERENCE_ROWS = 10_000
ANALYSIS_ROWS = 18_000
SEED = 0


def main() -> None:
    """Write the three files and print what they hold."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("originals", type=Path)
    default = Path(__file__).parent.parent / "stream_monitor" / "data"
    arguments.add_argument("--to", type=Path, default=default)
    options = arguments.parse_args()

    def original(name: str) -> pa.Table:
        return pq.read_table(str(options.originals / name)).replace_schema_metadata(None)

    reference = original("employment_reference.parquet")
    random = np.random.default_rng(SEED)
    picked = np.sort(random.choice(reference.num_rows, REFERENCE_ROWS, replace=False))
    reference = reference.take(picked).drop_columns(["year"])

    analysis = original("employment_analysis.parquet")
    # Evenly spaced rows keep the years in their order and of their size.
    spaced = np.arange(ANALYSIS_ROWS, dtype=np.int64) * analysis.num_rows // ANALYSIS_ROWS
    analysis = analysis.take(spaced)

    labels = original("employment_labels.parquet")
    labels = labels.take(pc.index_in(analysis["id"], value_set=labels["id"]))
    labels = labels.append_column("year", analysis["year"])
    analysis = analysis.drop_columns(["year"])

    for name, table in (
        ("employment_reference.parquet", reference),
        ("employment_analysis.parquet", analysis),
        ("employment_labels.parquet", labels),
    ):
        target = options.to / name
        pq.write_table(table, str(target), compression="zstd", compression_level=19)
        print(f"{name}: {table.num_rows:,} rows, {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
