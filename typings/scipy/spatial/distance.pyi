"""The distances in use; scipy itself carries no types."""

import numpy as np
import numpy.typing as npt

def jensenshannon(p: npt.ArrayLike, q: npt.ArrayLike, base: float | None = None) -> np.float64: ...
def mahalanobis(u: npt.ArrayLike, v: npt.ArrayLike, vi: npt.ArrayLike, /) -> np.float64: ...
