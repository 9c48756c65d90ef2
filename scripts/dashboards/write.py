"""All dashboards as the JSON documents that Grafana reads."""

from __future__ import annotations

from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from scripts.dashboards.drift import drift
from scripts.dashboards.fleet import fleet
from scripts.dashboards.frame import Board, build
from scripts.dashboards.health import health
from scripts.dashboards.model import model
from scripts.dashboards.performance import performance
from scripts.dashboards.pipeline import pipeline
from scripts.dashboards.quality import quality

FOLDER = Path(__file__).parents[2] / "dashboards"


def boards() -> tuple[Board, ...]:
    """From the general to the specific."""
    return (fleet(), model(), drift(), quality(), performance(), pipeline(), health())


def documents() -> dict[str, str]:
    """File name to JSON, of every dashboard."""
    every = boards()
    named = [(board.name, board.title) for board in every]
    encoder = JSONEncoder(indent=2, sort_keys=True, ensure_ascii=False)
    return {f"{b.name}.json": encoder.encode(build(b, named)) + "\n" for b in every}
