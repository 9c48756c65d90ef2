"""The timeline in text."""

from stream_monitor.scenarios.draw import WIDTH, alarms, timeline, told
from tests.scenarios.shipped import TEXTS, shipped, written

TEXT = """\
story: s
duration: 4h
base: {features: {x: {kind: normal, mean: 0, sd: 1}}}
timeline:
  up: {inject: gradual_drift, at: 1h, over: 1h, until: 3h, feature: x, shift: 1}
  lost: {inject: traffic_drop, at: 3h, keep: 0.5}
expect:
  found: [{family: drift, columns: ["feature:x"], by: 2h}]
  figures: [{figure: rows, at_most: 5, every: true, after: 3h, by: 4h}]
"""


def test_bars_grow_last_and_end_where_they_do() -> None:
    lines = timeline(written(TEXT), 16)
    assert lines == [
        "0   1h  2h  3h",
        "┬───┬───┬───┬───",
        "····▒▒▒▒████····  up: gradual_drift feature x, shift 1, over 1h",
        "············████  lost: traffic_drop keep 0.5",
        "    ◀──▶          drift started by 2h: feature:x",
        "            ◀──▶  rows at most 5 in every window",
    ]


def test_a_moment_is_seen_too() -> None:
    text = TEXT.replace("until: 3h", "until: 3601s").replace("over: 1h", "over: 1s")
    bar = timeline(written(text), 16)[2]
    assert bar.startswith("····█···········  ")


def test_every_shipped_scenario_can_be_drawn() -> None:
    for name in TEXTS:
        scenario = shipped(name)
        lines = timeline(scenario)
        assert len(lines) == 2 + len(scenario.timeline) + len(scenario.expect.due)
        assert {line[WIDTH : WIDTH + 2] for line in lines[2:]} <= {"  "}


def test_what_may_and_must_not_be_alarmed_is_said() -> None:
    said = alarms(shipped("seasonal"))
    assert said["must not be alarmed"] == "drift feature:income; latency"
    assert "drift score, prediction" in said["may be alarmed"]
    assert said["besides"] == "nothing else may be alarmed"


def test_an_injection_tells_what_is_not_usual() -> None:
    spike = shipped("latency_spike").timeline["spike"]
    assert told(spike) == "latency_spike factor 8, share 0.2"
