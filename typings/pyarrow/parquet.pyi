from collections.abc import Iterator
from typing import Any

from pyarrow import RecordBatch, Schema, Table

class FileMetaData:
    num_rows: int
    num_columns: int

class ParquetFile:
    metadata: FileMetaData
    schema_arrow: Schema
    def __init__(self, source: str) -> None: ...
    def iter_batches(
        self, batch_size: int = ..., columns: list[str] | None = ...
    ) -> Iterator[RecordBatch]: ...
    def close(self) -> None: ...

def read_table(source: str, columns: list[str] | None = ...) -> Table: ...
def write_table(table: Table, where: str, **options: Any) -> None: ...
