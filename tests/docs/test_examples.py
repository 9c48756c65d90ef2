"""The examples of docs/examples run as they stand, and a worker reads what they send."""

from __future__ import annotations

import os
import re
import subprocess
import sys
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

#: Saves a wrapped model, loads it as MLflow's servers do, and asks it.
_SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
import mlflow.pyfunc
import pandas as pd
from mlflow_pyfunc import Monitored

class Doubling:
    def predict(self, table):
        return [2 * value for value in table["x"]]

model = Monitored("credit", Doubling(), version="1")
mlflow.pyfunc.save_model(sys.argv[2], python_model=model, pip_requirements=[])
served = mlflow.pyfunc.load_model(sys.argv[2])
print(served.predict(pd.DataFrame({"x": [1.5, 2.5], "c": ["a", "b"]})))
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
    broker: EmbeddedBroker, tmp_path: Path
) -> None:
    printed = run(broker, "-c", _SERVE, str(EXAMPLES), str(tmp_path / "model"))
    assert printed.splitlines()[-1] == "[3.0, 5.0]"
    (batch,) = events(broker.bootstrap_servers)
    assert (batch.model, batch.features) == ("credit", {"x": [1.5, 2.5], "c": ["a", "b"]})
    assert batch.prediction == [3.0, 5.0]


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
    assert all(path.stem in here for path in EXAMPLES.glob("*.py"))
