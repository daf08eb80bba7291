"""Phone: world, shell and wire put together.

with Phone(seed=1) as phone:
    phone.address      "127.0.0.1:41873", for `adb connect`
    phone.state        what the phone knows, readable and settable
"""

from environments.errors import EnvironmentUnavailable
from environments.geometry import Size
from environments.phone.device import Clock
from environments.phone.shell.faults import ShellFaults
from environments.phone.shell.serve import PhoneServices
from environments.phone.state import State
from environments.phone.wire.adbd import Adbd
from environments.phone.wire.faults import WireFaults
from environments.phone.world import DEFAULT_SIZE, World, WorldFaults


class Phone:
    """A simulated phone that listens for adb on the loopback address. `port` 0 takes a free one.

    Raises EnvironmentUnavailable when the port is taken.
    """

    def __init__(
        self, *, size: Size = DEFAULT_SIZE, density: int = 420, seed: int = 0, port: int = 0, clock: Clock | None = None
    ) -> None:
        self.world = World(Size(*size), density, seed, clock)
        self.services = PhoneServices(
            self.world,
            providers={
                "com.android.contacts/contacts": self._people,
                "com.android.contacts/data/phones": self._numbers,
            },
        )
        self._adbd = Adbd(self.services, port=port)
        try:
            self._adbd.start()
        except OSError as exc:
            raise EnvironmentUnavailable(f"port {port} cannot be used: {exc.strerror}", fix="choose another") from exc

    @property
    def address(self) -> str:
        """Where adb connects to."""
        return self._adbd.address

    serial = address
    """The phone's serial number for an adb server that is connected to it."""

    @property
    def state(self) -> State:
        """What the phone knows: settings, contacts, notes and so on."""
        return self.world.state

    @property
    def wire_faults(self) -> WireFaults:
        """What goes wrong on the wire; set it at any time."""
        return self._adbd.faults

    @wire_faults.setter
    def wire_faults(self, faults: WireFaults) -> None:
        self._adbd.faults = faults

    @property
    def world_faults(self) -> WorldFaults:
        """What goes wrong on the screen; set it, or any part of it, at any time."""
        return self.world.faults

    @world_faults.setter
    def world_faults(self, faults: WorldFaults) -> None:
        self.world.faults = faults

    @property
    def shell_faults(self) -> ShellFaults:
        """What goes wrong in the phone's commands; set it at any time."""
        return self.services.shell.machine.faults

    @shell_faults.setter
    def shell_faults(self, faults: ShellFaults) -> None:
        self.services.shell.machine.faults = faults

    def _people(self) -> list[dict[str, object]]:
        known = self.state.contacts.items()
        return [{"_id": number, "display_name": person.name} for number, person in known]

    def _numbers(self) -> list[dict[str, object]]:
        """As Android's CommonDataKinds.Phone has them: `data1` is the number."""
        known = self.state.contacts.items()
        return [{"_id": number, "display_name": person.name, "data1": person.phone} for number, person in known]

    def fired(self, fault: str) -> int:
        """How often a fault of the wire has struck."""
        return self._adbd.fired(fault)

    def drop(self) -> None:
        """Reset every connection, as when the phone leaves the network for a moment; new ones are served."""
        self._adbd.drop()

    def reset(self, seed: int | None = None) -> None:
        """Everything as at the beginning, faults too, in a few milliseconds; `seed` makes it another phone. Files
        that were pushed stay."""
        self.world.reset(seed)
        self.shell_faults = ShellFaults()
        self.wire_faults = WireFaults()

    def close(self) -> None:
        """Hang up on everybody. Safe to call twice."""
        self._adbd.close()

    def __enter__(self) -> "Phone":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
