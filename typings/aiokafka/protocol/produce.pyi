from collections.abc import Sequence
from typing import Any

class ProduceRequest:
    _topics: Sequence[tuple[str, Any]]
