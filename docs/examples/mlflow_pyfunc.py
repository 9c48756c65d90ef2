"""Any MLflow model, wrapped so that whoever serves it logs its predictions.

mlflow.pyfunc.save_model("monitored", python_model=Monitored("credit", inner))
KAFKA=127.0.0.1:9092 mlflow models serve --model-uri monitored
"""

import os
from typing import Any

import mlflow.pyfunc
import pandas as pd

from stream_monitor.client import PredictionLogger


class Monitored(mlflow.pyfunc.PythonModel):
    """Predicts what ``inner`` predicts, and logs it under ``name``.

    The logger is made where the model is loaded: it is no part of what is saved.
    """

    def __init__(self, name: str, inner: Any, version: str | None = None) -> None:
        self._name = name
        self._inner = inner
        self._version = version
        self._logger: PredictionLogger | None = None

    def load_context(self, context: Any) -> None:
        address = os.environ.get("KAFKA", "127.0.0.1:9092")
        self._logger = PredictionLogger(
            self._name, bootstrap_servers=address, version=self._version
        )

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> Any:
        predictions = self._inner.predict(model_input)
        if self._logger is not None:
            self._logger.log_batch(model_input, predictions)
        return predictions

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_logger": None}
