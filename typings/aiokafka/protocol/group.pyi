from collections.abc import Sequence

class HeartbeatRequest:
    def __init__(self, group: str, generation_id: int, member_id: str) -> None: ...

class LeaveGroupRequest:
    def __init__(self, group: str, member_id: str) -> None: ...

class SyncGroupRequest:
    def __init__(
        self,
        group: str,
        generation_id: int,
        member_id: str,
        group_instance_id: str | None,
        group_assignment: Sequence[tuple[str, bytes]],
    ) -> None: ...
