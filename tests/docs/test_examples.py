"""The examples of docs/examples run as they stand, and a worker reads what they send."""

from __future__ import annotations

import os
import pickle
import re
import runpy
import subprocess
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stream_monitor.kafka.embedded import EmbeddedBroker
from tests.client.test_pack import PARENT
from tests.client.topics import embedded_broker, events, labels, records

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"

#: Asks the FastAPI server as its users do.
_ASK = f"""
import runpy, sys
from fastapi.testclient import TestClient
app = runpy.run_path(sys.argv[1])["app"]
with TestClient(app) as server:
    row = {{"income": 1500.5, "region": "north"}}
    answer = server.post("/predict", json=row, headers={{"traceparent": "{PARENT}"}})
    assert answer.status_code == 200, answer.text
    known = {{"prediction_id": answer.json()["prediction_id"], "repaid": False}}
    assert server.post("/outcome", json=known).status_code == 200
    assert "stream_monitor_client_logged_total" in server.get("/metrics/").text
"""


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with embedded_broker() as embedded:
        yield embedded


def run(broker: EmbeddedBroker, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"KAFKA": broker.bootstrap_servers},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_server_of_fastapi_logs_what_it_answers(broker: EmbeddedBroker) -> None:
    run(broker, "-c", _ASK, str(EXAMPLES / "fastapi_server.py"))
    (batch,) = events(broker.bootstrap_servers)
    assert batch.model == "credit"
    assert batch.features == {"income": [1500.5], "region": ["north"]}
    assert batch.prediction == ["default"]
    assert batch.scores == [{"default": 0.6, "repay": 0.4}]
    assert batch.prediction_ids is not None
    assert labels(broker.bootstrap_servers) == {batch.prediction_ids[0]: "default"}
    assert records(broker.bootstrap_servers, "predictions")[0].headers == [
        ("traceparent", PARENT.encode())
    ]


def test_the_classifier_of_scikit_learn_logs_its_batch_and_its_row(
    broker: EmbeddedBroker,
) -> None:
    printed = run(broker, str(EXAMPLES / "scikit_learn.py"))
    assert "sent=1001, dropped=0, lost=0, waiting=0, refused={}" in printed
    batches = events(broker.bootstrap_servers)
    assert sum(map(len, batches)) == 501
    assert {value for batch in batches for value in batch.prediction or ()} == {"repay", "default"}
    for batch in batches:
        assert set(batch.features) == {"income", "age"}
        assert {type(value) for value in batch.features["income"]} == {float}
    assert len(labels(broker.bootstrap_servers)) == 500


def test_the_model_of_mlflow_logs_its_batches_after_it_was_saved_and_loaded(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # MLflow is not installed for tests: of it, the example needs the class it inherits from.
    stand_in = types.ModuleType("mlflow.pyfunc")
    vars(stand_in)["PythonModel"] = type("PythonModel", (), {})
    package = types.ModuleType("mlflow")
    vars(package)["pyfunc"] = stand_in
    monkeypatch.setitem(sys.modules, "mlflow", package)
    monkeypatch.setitem(sys.modules, "mlflow.pyfunc", stand_in)
    monkeypatch.setenv("KAFKA", broker.bootstrap_servers)
    example = types.ModuleType("mlflow_pyfunc")
    vars(example).update(
        runpy.run_path(str(EXAMPLES / "mlflow_pyfunc.py"), run_name="mlflow_pyfunc")
    )
    monkeypatch.setitem(sys.modules, "mlflow_pyfunc", example)
    made: Any = vars(example)["Monitored"]("credit", Doubling(), version="1")
    made.load_context(None)
    model = pickle.loads(pickle.dumps(made))
    model.load_context(None)
    assert model.predict(None, {"x": [1.5, 2.5]}) == [3.0, 5.0]
    model._logger.close()
    (batch,) = events(broker.bootstrap_servers)
    assert (batch.features, batch.prediction) == ({"x": [1.5, 2.5]}, [3.0, 5.0])


class Doubling:
    def predict(self, table: dict[str, list[float]]) -> list[float]:
        return [2 * value for value in table["x"]]


def test_the_code_of_the_page_runs_as_it_stands(broker: EmbeddedBroker) -> None:
    page = (ROOT / "docs" / "client.md").read_text("utf-8")
    (code,) = re.findall(r"^```python client\n(.*?)^```", page, re.M | re.S)
    assert "127.0.0.1:9092" in code
    made: dict[str, Any] = {}
    exec(code.replace("127.0.0.1:9092", broker.bootstrap_servers), made)
    assert made["logger"].statistics.sent == 4
    assert sum(map(len, events(broker.bootstrap_servers))) == 3
    assert labels(broker.bootstrap_servers) == {"app-000123": "repay"}


def test_every_example_is_named_on_the_page_and_run_here() -> None:
    page = (ROOT / "docs" / "client.md").read_text("utf-8")
    named = set(re.findall(r"\(examples/(\w+\.py)\)", page))
    there = {path.name for path in EXAMPLES.glob("*.py")}
    assert named == there
    here = Path(__file__).read_text("utf-8")
    assert all(f'"{name}"' in here for name in there)
