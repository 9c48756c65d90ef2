from collections.abc import Sequence

from pyarrow import Table

class ReadOptions:
    def __init__(self, *, block_size: int = ..., use_threads: bool = ...) -> None: ...

class ParseOptions:
    def __init__(self, *, newlines_in_values: bool = ...) -> None: ...

class ConvertOptions:
    def __init__(
        self,
        *,
        strings_can_be_null: bool = ...,
        quoted_strings_can_be_null: bool = ...,
        null_values: Sequence[str] = ...,
    ) -> None: ...

def read_csv(
    input_file: str,
    read_options: ReadOptions | None = ...,
    parse_options: ParseOptions | None = ...,
    convert_options: ConvertOptions | None = ...,
) -> Table: ...
