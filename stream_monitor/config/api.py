"""The HTTP API: where it listens, who may use it and how much.

Every secret is the name of a file; none is a setting.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from stream_monitor.config.kinds import SECTION as _CONFIG
from stream_monitor.config.kinds import Count, Text


class ApiSettings(BaseModel):
    """What a worker serves beside its metrics: models, reports, alerts, and events taken in."""

    model_config = _CONFIG

    enabled: bool = True
    host: Text = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 6066  # 0: any free one
    read_token_file: Text | None = None
    write_token_file: Text | None = None
    max_body_bytes: Annotated[int, Field(ge=1024, le=256 * 2**20)] = 2**20
    max_requests: Count = 50  # a second, from one address
    simulate: bool = False  # whether POST /simulate makes up traffic
