"""What one shell process knows: its variables, its folder, its streams and the last exit code."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from environments.phone.shell.call import Budget, Machine
from environments.phone.shell.streams import Stream

PATH = ":".join(
    f"/{folder}bin"
    for folder in ("product/", "apex/com.android.runtime/", "apex/com.android.art/", "system_ext/", "system/",
                   "system/x", "odm/", "vendor/", "vendor/x")
)  # fmt: skip
ENVIRONMENT = {
    "ANDROID_ASSETS": "/system/app", "ANDROID_DATA": "/data", "ANDROID_ROOT": "/system", "ANDROID_STORAGE": "/storage",
    "EXTERNAL_STORAGE": "/sdcard", "HOME": "/", "HOSTNAME": "phone", "LOGNAME": "shell", "PATH": PATH,
    "SHELL": "/bin/sh", "TERM": "dumb", "TMPDIR": "/data/local/tmp", "USER": "shell",
}  # fmt: skip
NAME = "/system/bin/sh"
MAX_NESTING = 12


@dataclass
class Scope:
    """`streams` are by file descriptor. `depth` counts shells within shells."""

    machine: Machine
    budget: Budget
    streams: Mapping[int, Stream]
    variables: dict[str, str] = field(default_factory=lambda: {**ENVIRONMENT, "IFS": " \t\n", "PWD": "/", "PS1": "$ "})
    exported: set[str] = field(default_factory=lambda: set(ENVIRONMENT))
    arguments: tuple[str, ...] = ()
    name: str = NAME
    cwd: str = "/"
    status: int = 0
    pid: int = 4000
    depth: int = 0
    loops: int = 0
    exit_on_error: bool = False
    jobs: list[threading.Thread] = field(default_factory=list)

    def child(self, streams: Mapping[int, Stream] | None = None) -> "Scope":
        """A subshell: what it changes stays in it."""
        return replace(
            self,
            streams=self.streams if streams is None else streams,
            variables=dict(self.variables),
            exported=set(self.exported),
            depth=self.depth + 1,
            loops=0,
        )

    def environment(self) -> dict[str, str]:
        return {name: self.variables[name] for name in sorted(self.exported) if name in self.variables}
