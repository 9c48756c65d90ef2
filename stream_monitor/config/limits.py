"""Limits of performance figures; each field has the name of its figure, ``None`` is no limit.

Bounds are those of the figure itself: nothing that could never be an alarm, or always is one.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Correlation = Annotated[float, Field(ge=-1, le=1)]
AtMostOne = Annotated[float, Field(le=1)]
NotNegative = Annotated[float, Field(ge=0)]

_CONFIG = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class MinimumSettings(BaseModel):
    """What a figure is in alarm below."""

    model_config = _CONFIG

    coverage: Share | None = None
    accuracy: Share | None = None
    precision: Share | None = None
    recall: Share | None = None
    f1: Share | None = None
    specificity: Share | None = None
    balanced_accuracy: Share | None = None
    mcc: Correlation | None = None
    precision_weighted: Share | None = None
    recall_weighted: Share | None = None
    f1_weighted: Share | None = None
    roc_auc: Share | None = None
    average_precision: Share | None = None
    r2: AtMostOne | None = None
    bias: float | None = None
    residual_p5: float | None = None
    residual_p50: float | None = None
    residual_p95: float | None = None


class MaximumSettings(BaseModel):
    """What a figure is in alarm above."""

    model_config = _CONFIG

    log_loss: NotNegative | None = None
    brier: Share | None = None
    ece: Share | None = None
    mae: NotNegative | None = None
    rmse: NotNegative | None = None
    mape: NotNegative | None = None
    bias: float | None = None
    residual_p5: float | None = None
    residual_p50: float | None = None
    residual_p95: float | None = None
