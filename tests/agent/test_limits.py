"""Limits: each allows something."""

import math
from typing import Any

import pytest

from agent.limits import Limits


def test_the_usual_limits() -> None:
    assert Limits() == Limits(steps=30, seconds=600, malformed=2, declined=3, screenshots=1, tokens=512)


@pytest.mark.parametrize(
    "least",
    [{"steps": 1}, {"seconds": 1e-9}, {"malformed": 0}, {"declined": 1}, {"screenshots": 1}, {"tokens": 1}],
)
def test_the_least_is_allowed(least: dict[str, Any]) -> None:
    (name,) = least
    assert getattr(Limits(**least), name) == least[name]


def test_a_run_may_go_on_for_ever() -> None:
    assert Limits(seconds=math.inf).seconds == math.inf


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", 0), ("steps", -1), ("seconds", 0), ("seconds", -1.0), ("seconds", math.nan), ("malformed", -1),
        ("declined", 0), ("screenshots", 0), ("tokens", 0),
    ],
)  # fmt: skip
def test_a_limit_that_allows_nothing_is_refused(name: str, value: float) -> None:
    limits: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"^{name} is {value}; it has to be"):
        Limits(**limits)
