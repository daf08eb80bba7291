"""Screens to look at and act on. `open_environment` opens any of them by name; nothing is loaded before that."""

from typing import Any

from environments.environment import Environment
from environments.registry import Registry

ENVIRONMENTS: Registry[Any] = Registry(
    "environment",
    "handeye.environments",
    {
        "android": "environments.android.driver:open_android",
        "desktop": "environments.desktop.driver:open_desktop",
        "phone": "environments.simulated:open_phone",
    },
)


def open_environment(spec: str, **options: Any) -> Any:
    """The environment that `spec` names, as a context manager.

        desktop             the display in $DISPLAY (options monitor, rule)
        desktop:headless    a private display that ends with it (options size, monitor, rule)
        android             the only Android device that adb knows (option rule)
        android:SERIAL      a certain one; SERIAL may be HOST:PORT
        phone               a simulated phone that ends with it (options size, density, seed, port, clock, rule)
        NAME:...            another package's, from the entry-point group `handeye.environments`

    Raises UnknownName and EnvironmentUnavailable, both with what to do about it.
    """
    return ENVIRONMENTS.open(spec, **options)


__all__ = ["ENVIRONMENTS", "Environment", "open_environment"]
