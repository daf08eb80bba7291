"""Memory that the driver and its child share, so that a screenshot crosses from one to the other in one copy.

Where the system has no anonymous shared files (all but Linux), pixels travel through the pipe instead.
"""

import mmap
import os

CAPACITY = 256_000_000
"""Bytes of address space; memory is taken only for what is written. 9,000 x 9,000 pixels fit."""


class SharedPixels:
    """A block of memory behind a file descriptor, which a child process inherits."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, CAPACITY)

    @classmethod
    def create(cls) -> "SharedPixels | None":
        """A new block, or None where the system has no such thing."""
        if not hasattr(os, "memfd_create"):
            return None
        descriptor = os.memfd_create("handeye-pixels")
        os.ftruncate(descriptor, CAPACITY)
        return cls(descriptor)

    def put(self, data: bytes) -> bool:
        """Write from the beginning; False when it does not fit."""
        if len(data) > CAPACITY:
            return False
        self._memory[: len(data)] = data
        return True

    def get(self, length: int) -> bytes:
        """A copy of the first `length` bytes."""
        return self._memory[:length]

    def close(self) -> None:
        self._memory.close()
        os.close(self.descriptor)
