"""SVG elements as escaped text: what names and values bring along is never markup."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

Value = str | float | int


def element(name: str, *children: str, **attributes: Value | None) -> Markup:
    """An element; texts among its children and all attributes are escaped.

    An underscore in an attribute's name is a hyphen, one at its end goes (``class_``); attributes
    without a value (``None``) are left out.

    >>> print(element("text", "a < b", x=1.50001, class_="n"))
    <text x="1.5" class="n">a &lt; b</text>
    """
    told = Markup("").join(
        Markup(' {}="{}"').format(Markup(_name(key)), _number(value))
        for key, value in attributes.items()
        if value is not None
    )
    inner = Markup("").join(escape(child) for child in children)
    tag = Markup(name)
    return Markup("<{0}{1}>{2}</{0}>").format(tag, told, inner)


def picture(
    title: str, width: float, height: float, *children: str, class_: str = "chart", **more: Value
) -> Markup:
    """A whole picture that is as wide as the page lets it be; ``title`` is read out."""
    return element(
        "svg",
        element("title", title),
        *children,
        viewBox=f"0 0 {_number(width)} {_number(height)}",
        class_=class_,
        role="img",
        **more,
    )


def path(points: Iterable[tuple[float, float]], closed: bool = False) -> str:
    """The ``d`` of a path through points; empty without any."""
    steps = [f"{_number(x)},{_number(y)}" for x, y in points]
    if not steps:
        return ""
    return f"M{'L'.join(steps)}{'Z' if closed else ''}"


def _name(key: str) -> str:
    return key.removesuffix("_").replace("_", "-")


def _number(value: Value) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return str(value)
