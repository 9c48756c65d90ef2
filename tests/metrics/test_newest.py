"""The report that is kept of a model, and what revisions change of it."""

from typing import Any

from stream_monitor.metrics.newest import newest
from tests.metrics.expositions import series_of, value
from tests.metrics.worlds import Report, busy, reports, verdict

OLD, NEW = reports()[1], reports()[2]


def revision(of: Report, accuracy: float, *, degradation: bool = False) -> dict[str, Any]:
    """A revision of a report, as stage 2 says it: performance alone."""
    verdicts = [
        {**each, "statistic": accuracy} if each["monitor"] == "accuracy" else each
        for each in of["verdicts"]
        if each["family"] == "performance"
        and (degradation or not each["monitor"].startswith("degradation_"))
    ]
    head = ("report_id", "window", "rows", "labelled", "status", "confusion", "open_alerts")
    return {name: of[name] for name in head} | {"revision": 1, "verdicts": verdicts, "changed": []}


def test_a_report_of_a_later_window_takes_the_place_of_the_one_before() -> None:
    assert newest(None, OLD) is OLD
    assert newest(OLD, NEW) is NEW
    assert newest(NEW, OLD) is NEW


def test_of_two_references_for_one_window_the_one_judged_last_stands() -> None:
    other = {**NEW, "report_id": "another", "reference_hash": "f" * 16}
    assert newest(NEW, other) is other


def test_a_revision_of_an_old_window_changes_nothing() -> None:
    assert newest(NEW, revision(OLD, 0.0)) is NEW


def test_a_revision_of_an_unknown_window_is_no_report() -> None:
    assert newest(None, revision(NEW, 0.0)) is None


def test_a_revision_of_the_newest_window_changes_its_performance_and_nothing_else() -> None:
    kept = newest(NEW, revision(NEW, 0.125))
    assert kept is not None
    assert kept["revision"] == 1
    before, after = (series_of(busy(reports={"m": each})) for each in (NEW, kept))
    changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    assert {name for name, _ in changed} == {"stream_monitor_performance_ratio"}
    assert value(after, "performance_ratio", model="m", metric="accuracy") == 0.125


def test_a_figure_that_a_revision_does_not_have_any_more_is_gone() -> None:
    said = revision(NEW, 0.5)
    said["verdicts"] = [each for each in said["verdicts"] if each["monitor"] != "f1"]
    kept = newest(NEW, said)
    assert kept is not None
    assert "f1" not in {each["monitor"] for each in kept["verdicts"]}


def test_a_detector_of_degradation_is_replaced_only_by_itself() -> None:
    said = revision(NEW, 0.5, degradation=True)
    said["verdicts"] = [
        {**each, "state": "ok"}
        for each in said["verdicts"]
        if each["monitor"] in ("accuracy", "degradation_cusum")
    ]
    kept = newest(NEW, said)
    assert kept is not None
    assert verdict(kept, "performance", "degradation_cusum")["state"] == "ok"
    assert verdict(kept, "performance", "degradation_ddm")["statistic"] == 1.5
