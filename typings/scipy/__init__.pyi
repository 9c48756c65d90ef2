from scipy import optimize as optimize
from scipy import special as special
from scipy import stats as stats

__version__: str
