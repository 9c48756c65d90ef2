"""The evidence in the pipeline: alarms while the effect of an accused column matters."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stream_monitor.config.budget import parse
from stream_monitor.config.monitors import AlertSettings, DriftSettings, QualitySettings
from stream_monitor.config.season import SeasonSettings
from stream_monitor.config.settings import KafkaSettings, ModelSettings, Settings
from stream_monitor.pipeline.effects import Publish, Stream
from stream_monitor.pipeline.engine import LocalEngine
from stream_monitor.reference.registry import References
from tests.pipeline.events import LATENESS_MS, SLIDE_MS, WINDOW_MS, Event, log, reference

PANE_ROWS = 100
STEP_MS = SLIDE_MS // PANE_ROWS
MODEL = ModelSettings(
    window_ms=WINDOW_MS,
    slide_ms=SLIDE_MS,
    allowed_lateness_ms=LATENESS_MS,
    min_samples=50,
    false_alarms=parse("1 per 4h"),
    drift=DriftSettings(min_effect=0.15, decide_numeric="evidence", decide_categorical="evidence"),
    quality=QualitySettings(decide="evidence", min_increase=0.05),
    alerts=AlertSettings(recover=2, cooldown_ms=0),
)


def settings(**changed: Any) -> Settings:
    return Settings(kafka=KafkaSettings(block_size=64), defaults=MODEL.model_copy(update=changed))


def events(means: Sequence[float], seed: int = 0, missing: Sequence[float] = ()) -> list[Event]:
    """Panes of 100 events; ``x`` is normal around the pane's mean, or missing."""
    rng = np.random.default_rng(seed)
    made: list[Event] = []
    for pane, mean in enumerate(means):
        gone = rng.random(PANE_ROWS) < (missing[pane] if missing else 0.0)
        values = np.round(rng.normal(mean, 1.0, PANE_ROWS), 1)
        cs = rng.choice(["a", "b", "c"], PANE_ROWS, p=[0.5, 0.3, 0.2])
        outcomes = rng.choice(["0", "1"], PANE_ROWS, p=[0.6, 0.4])
        for row in range(PANE_ROWS):
            at = pane * SLIDE_MS + row * STEP_MS
            x = None if gone[row] else float(values[row])
            event = Event(at, x=x, c=str(cs[row]), prediction=str(outcomes[row]))
            made.append(event)
    return made


def published(made: Sequence[Event], of: Settings) -> list[Publish]:
    references = References()
    references.put(reference())
    engine = LocalEngine(of, references)
    return [*engine.feed(0, log(made)), *engine.flush(), *engine.finish()]


def reports(found: Sequence[Publish]) -> list[dict[str, Any]]:
    return [dict(p.document) for p in found if p.stream is Stream.REPORTS]


def families(found: Sequence[Publish]) -> set[str]:
    return {str(p.document["family"]) for p in found if p.stream is Stream.ALERTS}


def whole(report: dict[str, Any], family: str = "drift") -> dict[str, Any]:
    (found,) = [
        v
        for v in report["verdicts"]
        if v["family"] == family and v["monitor"] == "evidence" and v["column"] == ""
    ]
    return dict(found)


def test_a_shift_is_in_alarm_from_its_first_windows_until_it_has_left_them() -> None:
    found = reports(published(events([0.0] * 20 + [1.5] * 10 + [0.0] * 10), settings()))
    states = [whole(report)["state"] for report in found]
    assert states[:20] == ["ok"] * 20
    assert "alarm" in states[20:22]
    assert states[23:30] == ["alarm"] * 7
    # To go back to normal is a change of what has become usual, and has no effect.
    assert set(states[33:]) <= {"ok", "info"}
    assert "ok" in states[33:]
    (carrier,) = whole(found[25])["carriers"]
    assert carrier["column"] == "feature:x"
    assert found[20]["window"]["end_ms"] - SLIDE_MS == carrier["since_ms"]
    assert carrier["effect"] == pytest.approx(0.5, abs=0.15)
    assert set(carrier["effects"]) == {"ks", "wasserstein", "psi"}
    assert found[25]["drifted"] == ["feature:x"]


def test_the_statistic_is_log10_of_the_evidence_and_the_threshold_that_of_half_the_budget() -> None:
    found = reports(published(events([0.0] * 3 + [1.5] * 3), settings()))
    panes = 4 * 3_600_000 / SLIDE_MS
    assert whole(found[0])["threshold"] == pytest.approx(np.log10(2 * panes))
    reached = [whole(report) for report in found if whole(report)["state"] == "alarm"]
    assert reached[0]["statistic"] >= reached[0]["threshold"]


def test_evidence_of_a_change_that_does_not_matter_is_information() -> None:
    made = events([0.0] * 10 + [0.6] * 40)
    lax = settings(drift=MODEL.drift.model_copy(update={"min_effect": 0.9}))
    found = published(made, lax)
    states = {whole(report)["state"] for report in reports(found)}
    assert states == {"ok", "info"}
    assert families(found) <= {"quality"}  # more values lie outside the reference's range
    assert "drift" in families(published(made, settings()))


def test_a_column_that_loses_its_values_is_named_by_what_has_risen() -> None:
    found = reports(published(events([0.0] * 10, missing=[0.0] * 5 + [0.4] * 5), settings()))
    last = whole(found[-1], "quality")
    assert last["state"] == "alarm"
    assert [carrier["column"] for carrier in last["carriers"]] == ["missing:feature:x"]
    assert last["carriers"][0]["effects"]["share"] == pytest.approx(0.4, abs=0.1)
    assert whole(found[-1])["state"] == "ok"


def test_no_change_is_no_alarm_in_a_thousand_panes() -> None:
    found = published(events([0.0] * 1_000, seed=3), settings(false_alarms=parse("1 per 30d")))
    assert [p for p in found if p.stream is Stream.ALERTS] == []


def test_a_restart_at_any_window_gives_the_same_reports() -> None:
    made = events([0.0] * 6 + [1.5] * 6)
    references = References()
    references.put(reference())
    whole_run = reports(published(made, settings()))
    for cut in range(1, 12):
        first = LocalEngine(settings(), references)
        table: dict[bytes, bytes] = {}
        got = _feed(first, log(made)[: cut * PANE_ROWS], table)
        second = LocalEngine(settings(), references)
        second.summarisers = first.summarisers
        second.evaluator.restore(table.items())
        got += _feed(second, log(made)[cut * PANE_ROWS :], table, finish=True)
        assert got == whole_run


def test_panes_of_a_whole_period_are_judged_when_the_period_is_over() -> None:
    season = SeasonSettings(period_ms=5 * SLIDE_MS)
    found = reports(published(events([0.0] * 15 + [1.5] * 15), settings(season=season)))
    states = [whole(report)["state"] for report in found]
    changed = states.index("alarm")
    assert 15 <= changed <= 24
    assert (found[changed]["window"]["end_ms"]) % (5 * SLIDE_MS) == 0


def _feed(
    engine: LocalEngine, records: Any, table: dict[bytes, bytes], *, finish: bool = False
) -> list[dict[str, Any]]:
    """What is reported, while the table of stage 2 is kept as its effects say."""
    from stream_monitor.pipeline.effects import Delete, Put

    handle, tick = engine.evaluator.handle, engine.evaluator.tick

    def keeping(effects: Any) -> Any:
        for effect in effects:
            if isinstance(effect, Put):
                table[effect.key] = effect.value
            elif isinstance(effect, Delete):
                table.pop(effect.key, None)
        return effects

    engine.evaluator.handle = lambda *a: keeping(handle(*a))  # type: ignore[method-assign]
    engine.evaluator.tick = lambda *a: keeping(tick(*a))  # type: ignore[method-assign]
    out = [*engine.feed(0, records), *engine.flush()]
    return reports([*out, *engine.finish()] if finish else out)


def test_another_budget_starts_the_evidence_anew() -> None:
    made = events([0.0] * 6 + [1.5] * 2)
    references = References()
    references.put(reference())
    table: dict[bytes, bytes] = {}
    first = LocalEngine(settings(), references)
    _feed(first, log(made), table)
    other = LocalEngine(settings(false_alarms=parse("1 per 30d")), references)
    other.evaluator.restore(table.items())
    (lane,) = other.evaluator.models["m"].lanes.values()
    watching = lane.watching(other._settings.defaults, reference())
    assert watching is not None
    assert watching.state == watching.detector.start()
    assert replace(watching).accused == {}
