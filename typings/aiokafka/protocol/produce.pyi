from collections.abc import Sequence
from typing import Any

class ProduceRequest:
    _topics: Sequence[tuple[str, Any]]
    def __init__(
        self,
        transactional_id: str | None,
        required_acks: int,
        timeout: int,
        topics: Sequence[tuple[str, Any]],
    ) -> None: ...
