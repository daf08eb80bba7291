"""What tests of every room may use."""

from collections.abc import Iterator

import pytest

from environments.geometry import Size
from environments.phone.phone import Phone


@pytest.fixture
def phone() -> Iterator[Phone]:
    """A simulated phone of its own, small and quick."""
    with Phone(size=Size(540, 1200), density=210, seed=1) as served:
        yield served
