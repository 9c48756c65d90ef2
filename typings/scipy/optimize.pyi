"""The minimisers and root finders in use; scipy itself carries no types."""

from collections.abc import Callable, Mapping

class OptimizeResult:
    fun: float
    x: float

def minimize_scalar(
    fun: Callable[[float], float],
    *,
    bounds: tuple[float, float] | None = None,
    method: str | None = None,
    options: Mapping[str, float] | None = None,
) -> OptimizeResult: ...
def brentq(f: Callable[[float], float], a: float, b: float, *, xtol: float = ...) -> float: ...
