"""The part of scikit-learn that tests compare with; it carries no types."""

import numpy as np
import numpy.typing as npt

def isotonic_regression(
    y: npt.ArrayLike, *, sample_weight: npt.ArrayLike | None = None
) -> npt.NDArray[np.float64]: ...
