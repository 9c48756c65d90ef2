"""A scenario's timeline in text: what happens when, and what must be found when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stream_monitor.config import duration
from stream_monitor.config.kinds import key_of
from stream_monitor.config.render import plain, scalar
from stream_monitor.scenarios.spec.expectations import Figure, Found
from stream_monitor.scenarios.spec.injections import Injection
from stream_monitor.scenarios.spec.scenario import Scenario

WIDTH = 60
_TICKS = 6
#: Steps between two marks of the axis, the smallest that makes few enough marks.
_STEPS = (1, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10_080, 43_200, 131_760)


def timeline(scenario: Scenario, width: int = WIDTH) -> list[str]:
    """Lines of an axis, a bar an injection, and the time in which each finding is due.

    ``█`` breaks, ``▒`` grows, ``◀─▶`` is when something must be found, ``·`` is nothing.
    """
    length = scenario.duration_ms

    def at(ms: int) -> int:
        return min(width, round(width * ms / length))

    lines = list(_axis(length, width))
    for name, one in scenario.timeline.items():
        begin, end = at(one.at_ms), at(one.until_ms or length)
        grown = min(end, at(one.at_ms + getattr(one, "over_ms", 0)))
        bar = "·" * begin + "▒" * (grown - begin) + "█" * (max(end, begin + 1) - grown)
        lines.append(f"{bar[:width]:·<{width}}  {name}: {told(one)}")
    for found in scenario.expect.due:
        after = scenario.begins_ms if found.after_ms is None else found.after_ms
        begin, end = at(after), max(at(found.by_ms), at(after) + 2)
        span = " " * begin + "◀" + "─" * (end - begin - 2) + "▶"
        lines.append(f"{span[:width]:<{width}}  {wanted(found)}")
    return lines


def told(one: Injection) -> str:
    """An injection and what it is told besides its times, on one line."""
    values = plain(one)
    kind = values.pop("inject")
    given = [
        f"{key_of(name)} {short(values[key_of(name)])}"
        for name, field in type(one).model_fields.items()
        if name not in ("inject", "at_ms", "until_ms")
        and (
            field.is_required()
            or getattr(one, name) != field.get_default(call_default_factory=True)
        )
    ]
    return f"{kind} {', '.join(given)}"


def short(value: object) -> str:
    """A value as flow YAML, a whole number without its fraction: ``8`` for 8.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return scalar(value)


def wanted(due: Found | Figure) -> str:
    """What must be found and by when."""
    return _alert(due) if isinstance(due, Found) else _figure(due)


def _alert(found: Found) -> str:
    about = ", ".join(found.columns) or found.monitor or "any"
    return f"{found.family} {found.status} by {duration.render(found.by_ms)}: {about}"


def _figure(figure: Figure) -> str:
    parts = [f"is {figure.equals}"] if figure.equals is not None else []
    parts += [f"at least {figure.at_least:g}"] if figure.at_least is not None else []
    parts += [f"at most {figure.at_most:g}"] if figure.at_most is not None else []
    often = "in every window" if figure.every else f"by {duration.render(figure.by_ms)}"
    return f"{figure.figure} {' and '.join(parts)} {often}"


def alarms(scenario: Scenario) -> Mapping[str, str]:
    """What may be alarmed and what must not, as sentences by their beginning."""
    lists = {"may be alarmed": scenario.expect.may, "must not be alarmed": scenario.expect.never}
    said = {
        key: "; ".join(
            " ".join(filter(None, (one.family, one.monitor, ", ".join(one.columns))))
            for one in ones
        )
        for key, ones in lists.items()
        if ones
    }
    if scenario.expect.nothing_else:
        said["besides"] = "nothing else may be alarmed"
    return said


def _axis(length_ms: int, width: int) -> Iterator[str]:
    minutes = length_ms / duration.MINUTE
    step = next((s for s in _STEPS if minutes / s <= _TICKS), _STEPS[-1]) * duration.MINUTE
    marks = {round(width * ms / length_ms): ms for ms in range(0, length_ms, step)}
    names = ""
    for place, ms in marks.items():
        if len(names) <= place:
            names = f"{names:<{place}}{duration.render(ms) if ms else '0'} "
    yield f"{names:<{width}}".rstrip()
    yield "".join("┬" if place in marks else "─" for place in range(width))
