from typing import Any

class PartitionRecords:
    def _consumer_record(self, tp: Any, record: Any) -> Any: ...
