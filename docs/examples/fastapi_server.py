"""A FastAPI server that logs each prediction and label, with its trace and its metrics.

KAFKA=127.0.0.1:9092 uvicorn fastapi_server:app
"""

import os
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from prometheus_client import REGISTRY, make_asgi_app
from pydantic import BaseModel

from stream_monitor.client import AsyncPredictionLogger


class Application(BaseModel):
    income: float
    region: str
    has_card: bool | None = None


class Outcome(BaseModel):
    prediction_id: str
    repaid: bool


def model(application: Application) -> float:
    """Stands for a model of yours: the probability of a default."""
    return 0.1 if application.income > 2_000 else 0.6


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    address = os.environ.get("KAFKA", "127.0.0.1:9092")
    async with AsyncPredictionLogger(
        "credit", bootstrap_servers=address, version="2026-11-03", registry=REGISTRY
    ) as logger:
        app.state.logger = logger
        yield


app = FastAPI(lifespan=lifespan)
app.mount("/metrics", make_asgi_app(REGISTRY))


@app.post("/predict")
async def predict(application: Application, request: Request) -> dict[str, str | float]:
    started = time.perf_counter()
    score = model(application)
    prediction_id = str(uuid.uuid4())
    request.app.state.logger.log(
        application,
        "default" if score > 0.5 else "repay",
        scores={"default": score, "repay": 1 - score},
        prediction_id=prediction_id,
        latency_ms=(time.perf_counter() - started) * 1000,
        headers=request.headers,
    )
    return {"prediction_id": prediction_id, "default": score}


@app.post("/outcome")
async def outcome(known: Outcome, request: Request) -> None:
    truth = "repay" if known.repaid else "default"
    request.app.state.logger.log_label(known.prediction_id, truth)
