"""The few statistical functions in use; scipy itself carries no types."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

class _SurvivalFunction(Protocol):
    def sf(self, x: float, n: float) -> np.float64: ...

class _TestResult(NamedTuple):
    statistic: np.float64
    pvalue: np.float64

class _Counts(Protocol):
    def cdf(self, k: npt.NDArray[np.int64], mu: float) -> npt.NDArray[np.float64]: ...

kstwo: _SurvivalFunction
poisson: _Counts

def ks_2samp(
    data1: npt.ArrayLike, data2: npt.ArrayLike, *, method: str = "auto"
) -> _TestResult: ...
def wasserstein_distance(u_values: npt.ArrayLike, v_values: npt.ArrayLike) -> np.float64: ...
