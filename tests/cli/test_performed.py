from typing import Any

from stream_monitor.cli.performed import Performed


def verdict(monitor: str, statistic: float | None, **more: Any) -> dict[str, Any]:
    return {
        "family": "performance",
        "monitor": monitor,
        "column": "",
        "state": "info",
        "statistic": statistic,
        "below": monitor not in ("mae", "log_loss"),
    } | more


def report(end: str, *verdicts: dict[str, Any]) -> dict[str, Any]:
    return {"window": {"end": end}, "verdicts": list(verdicts)}


def test_a_figure_is_told_of_the_last_window_and_of_the_worst_one() -> None:
    performed = Performed()
    performed.add(report("1", verdict("accuracy", 0.9), verdict("log_loss", 0.3)))
    performed.add(report("2", verdict("accuracy", 0.7), verdict("log_loss", 0.5)))
    performed.add(
        report(
            "3",
            verdict("accuracy", 0.8, lower=0.75, upper=0.84),
            verdict("log_loss", 0.4),
            verdict("estimated_accuracy", 0.82),
        )
    )
    assert performed.rows() == [
        ("accuracy", 0.8, "0.75 … 0.84", 0.82, 0.7, "2"),
        ("log_loss", 0.4, None, None, 0.5, "2"),
    ]


def test_a_bias_is_worst_where_it_is_farthest_from_nothing() -> None:
    performed = Performed()
    for end, bias in (("1", 2.0), ("2", -3.0), ("3", 0.5)):
        performed.add(report(end, verdict("bias", bias)))
    assert performed.rows() == [("bias", 0.5, None, None, -3.0, "2")]


def test_thin_windows_classes_and_what_is_said_of_labels_are_not_figures() -> None:
    performed = Performed()
    performed.add(
        report(
            "1",
            verdict("accuracy", 0.9, state="thin"),
            verdict("recall", 0.9, column="class:a"),
            verdict("coverage", 0.5),
            verdict("delay_p50", 60.0),
            verdict("estimate_error_accuracy", 0.01),
            verdict("degradation_cusum", 3.0),
            verdict("f1", None),
        )
    )
    assert performed.rows() == []
