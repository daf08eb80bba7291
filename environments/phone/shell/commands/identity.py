"""The numbers that Android gives to windows, tasks and processes; the same for the same name, run after run."""

import zlib

from environments.phone.device import Device, Focus, Package


def window_hash(name: str) -> str:
    """Seven hex digits, as of System.identityHashCode."""
    return f"{zlib.crc32(name.encode('utf-8', 'replace')) & 0xFFFFFFF | 0x1000000:x}"


def task_id(task: Focus) -> int:
    return 10 + zlib.crc32(task.package.encode("utf-8", "replace")) % 9000


def process_id(package: str) -> int:
    return 2000 + zlib.crc32(package.encode("utf-8", "replace")) % 28000


def user_id(device: Device, package: str) -> int:
    """The Linux user of an app."""
    names = [known.name for known in device.packages()]
    return 10100 + names.index(package) if package in names else 10000


def running(device: Device) -> list[str]:
    """The packages that have a process: those with a task, the system's interface and the current input method."""
    names = [task.package for task in device.recent()]
    focus = device.focus
    if focus is not None:
        names.append(focus.package)
    names += ["com.android.systemui", device.input_method.partition("/")[0]]
    return [name for name in dict.fromkeys(names) if name]


def apk_path(package: Package) -> str:
    if package.system:
        folder = package.label.replace(" ", "") or package.name
        return f"/system/app/{folder}/{folder}.apk"
    return f"/data/app/~~{window_hash(package.name)}==/{package.name}-{window_hash(package.name + '1')}==/base.apk"
