"""Screens for tests that exist only in memory, and keep every promise of `environments.contract`."""

from collections.abc import Callable
from time import perf_counter
from types import TracebackType

from PIL import Image, ImageDraw

from environments.action import ACTIONS, Action, Wait, action_to_dict
from environments.environment import Capabilities, Command, Effect, Settled, check_points, stale
from environments.errors import DeviceLost, InvalidAction, Stopped
from environments.frame import Frame
from environments.geometry import Screen
from environments.observation import NOT_ASKED, Elements, Observation, Window
from environments.settle import SettleRule, settle
from environments.stop import Stop

EVERY_ACTION = frozenset(kind.model_fields["type"].default for kind in ACTIONS)
NO_TREE = Elements(absent="a painted screen has no accessibility tree")
RULE = SettleRule(floor=0, quiet=0.01, cap=0.5, interval=0.002)


class PaintedScreen:
    """An environment whose screen is whatever `paint` draws, and whose actions end in the list `sent`.

    Without `paint` the screen shows how many actions were sent: each changes it. `on_act` is called with an action
    after it was sent; it may change what `paint` draws, raise (DeviceLost, say), or return the Effect to report.
    `window` and `rotation` may be set at any time, to make what was seen before stale.
    """

    def __init__(
        self,
        paint: Callable[[], Image.Image] | None = None,
        on_act: Callable[[Action], Effect | None] | None = None,
        *,
        actions: frozenset[str] = EVERY_ACTION,
        private: bool = True,
    ) -> None:
        self.sent: list[Action] = []
        self.observations = 0
        self.closed = False
        self.window: Window | None = Window("0x1", "Painting", "A painted screen")
        self.rotation = 0
        self._paint = paint or self._paint_tally
        self._on_act = on_act
        self._capabilities = Capabilities(kind="desktop", platform="painted", actions=actions, private=private)

    @property
    def capabilities(self) -> Capabilities:
        return self._capabilities

    def observe(self, *, elements: bool = False, stop: Stop | None = None) -> Observation:
        """What `paint` draws now."""
        if stop is not None:
            stop.check()
        self.observations += 1
        return self._look(NO_TREE if elements else NOT_ASKED)

    def commands(self, action: Action, seen: Observation) -> list[Command]:
        """The action itself, as JSON values."""
        if action.type not in self._capabilities.actions:
            raise InvalidAction(f"this screen has no {action.type}")
        check_points(action, seen)
        return [{"do": action.type, **action_to_dict(action)}]

    def act(self, action: Action, seen: Observation, *, stop: Stop | None = None) -> Effect:
        """Append the action to `sent`, unless it is stale or stopped."""
        self.commands(action, seen)
        if stop is not None and stop.is_set():
            return Effect("not_sent", stop.reason)
        reason = stale(seen, self._look(NOT_ASKED))
        if reason:
            return Effect("not_sent", reason)
        self.sent.append(action)
        if isinstance(action, Wait):
            try:
                (stop or Stop()).wait(action.seconds)
            except Stopped as exc:
                return Effect("unknown", str(exc))
        return (self._on_act(action) if self._on_act else None) or Effect("done")

    def settle(self, stop: Stop | None = None) -> Settled:
        """Wait until `paint` draws the same twice."""
        return settle(lambda: self._look(NOT_ASKED).frame, stop or Stop(), RULE)

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> "PaintedScreen":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _look(self, elements: Elements) -> Observation:
        if self.closed:
            raise DeviceLost("the painted screen was closed")
        started = perf_counter()
        frame = Frame.from_image(self._paint())
        return Observation(
            frame=frame,
            screen=Screen(0, 0, *frame.size),
            display="painted",
            window=self.window,
            rotation=self.rotation,
            elements=elements,
            capture_ms=1000 * (perf_counter() - started),
        )

    def _paint_tally(self) -> Image.Image:
        image = Image.new("RGB", (320, 200), "white")
        ImageDraw.Draw(image).text((20, 20), f"{len(self.sent)} actions", fill="black", font_size=40)
        return image
