"""The part of scikit-learn that tests compare with; it carries no types."""

import numpy as np
import numpy.typing as npt

_Array = npt.NDArray[np.float64]

def accuracy_score(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def average_precision_score(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def balanced_accuracy_score(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def brier_score_loss(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def f1_score(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    average: str | None = "binary",
    pos_label: int | str = 1,
    zero_division: float = 0,
) -> float: ...
def log_loss(
    y_true: npt.ArrayLike, y_pred: npt.ArrayLike, *, labels: npt.ArrayLike | None = None
) -> float: ...
def matthews_corrcoef(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def mean_absolute_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def mean_absolute_percentage_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def precision_score(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    average: str | None = "binary",
    pos_label: int | str = 1,
    zero_division: float = 0,
) -> float: ...
def r2_score(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def recall_score(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    average: str | None = "binary",
    pos_label: int | str = 1,
    zero_division: float = 0,
) -> float: ...
def roc_auc_score(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def root_mean_squared_error(y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float: ...
def precision_recall_fscore_support(
    y_true: npt.ArrayLike,
    y_pred: npt.ArrayLike,
    *,
    labels: npt.ArrayLike | None = None,
    zero_division: float = 0,
) -> tuple[_Array, _Array, _Array, npt.NDArray[np.int64]]: ...
