"""adbd over TCP, as real adb clients expect it. It knows the seam Services and the phone's files, and no phone.

packet        the 24-byte headers and what follows them; pure
stream        one stream of a connection, as a blocking pipe for the thread that serves it
connection    one client: handshake, and which packet belongs to which stream
switchboard   what the connections share: who is let in, and the threads that serve streams
destinations  which service a client asked for
shell, terminal, sync, reverse
              those services
faults        what a test can make go wrong, and how often it did
adbd          the TCP server around them
"""

from environments.phone.wire.adbd import Adbd
from environments.phone.wire.faults import WireFaults

__all__ = ["Adbd", "WireFaults"]
