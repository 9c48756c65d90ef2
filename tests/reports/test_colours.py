"""Colours stand out as much as WCAG 2.2 asks of level AA, in light, in dark and on paper."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

STYLES = (files("stream_monitor.reports") / "templates/page.css").read_text(encoding="utf-8")
LIGHT, DARK = (
    dict(re.findall(r"--([a-z]+): (#[0-9a-f]{3,6});", block))
    for block in re.findall(r":root \{(.*?)\}", STYLES, re.DOTALL)[:2]
)
#: Of letters, 4.5 to 1; of what a picture is made of, 3 to 1.
LETTERS = ("ink", "soft", "now", "alarm", "warn", "limit")
SHAPES = ("then", "now", "alarm", "warn", "good", "thin")


def luminance(colour: str) -> float:
    """The relative luminance that WCAG defines."""
    digits = colour[1:]
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_greatest_contrast_is_21_to_1() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "raised"])
def test_letters_and_shapes_stand_out(colours: dict[str, str], ground: str) -> None:
    for name in LETTERS:
        assert contrast(colours[name], colours[ground]) >= 4.5, name
    for name in SHAPES:
        assert contrast(colours[name], colours[ground]) >= 3.0, name


def test_what_was_and_what_is_can_be_told_apart_without_colours() -> None:
    for colours in (LIGHT, DARK):
        assert contrast(colours["then"], colours["now"]) >= 1.6
