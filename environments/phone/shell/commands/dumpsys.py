"""`dumpsys`: the reports of Android's services that clients read something out of."""

from collections.abc import Callable

from environments.phone.shell.call import Call
from environments.phone.shell.commands.identity import process_id, running, window_hash
from environments.phone.shell.commands.packages import package_report
from environments.phone.shell.commands.windows import activity, display, input_devices, window


def dumpsys(call: Call) -> int:
    words = list(call.args)
    while words and words[0] in ("-t", "-T", "--priority"):
        words = words[2:]
    if words[:1] == ["-l"]:
        call.say("Currently running services:\n" + "\n".join(f"  {name}" for name in sorted(_REPORTS)))
        return 0
    if not words:
        call.say("Currently running services:\n" + "\n".join(f"  {name}" for name in sorted(_REPORTS)))
        for name in sorted(_REPORTS):
            rule = "-" * 79
            call.out(f"{rule}\nDUMP OF SERVICE {name}:\n{_REPORTS[name](call, [])}")
        return 0
    report = _REPORTS.get(words[0])
    if report is None:
        call.err(f"Can't find service: {words[0]}")
        return 0
    call.out(report(call, words[1:]))
    return 0


def _input_method(call: Call, _words: list[str]) -> str:
    device = call.device
    shown = "true" if device.keyboard_shown else "false"
    return f"""Current Input Method Manager state:
  Input Methods: mMethodMapUpdateCount=1
{"".join(f"  InputMethod #{n}:{chr(10)}    mId={name}{chr(10)}" for n, name in enumerate(device.input_methods()))}\
  Clients:
  mCurMethodId={device.input_method}
  mCurId={device.input_method} mHaveConnection=true mBoundToMethod=true mVisibleBound={shown}
  mShowRequested={shown} mShowExplicitlyRequested=false mShowForced=false mInputShown={shown}
  mSystemReady=true mInteractive={"true" if device.power.awake else "false"}
  mIsInputViewShown={shown} mImeWindowVis={3 if device.keyboard_shown else 0}
"""


def _power(call: Call, _words: list[str]) -> str:
    power = call.device.power
    awake = "true" if power.awake else "false"
    return f"""POWER MANAGER (dumpsys power)

Power Manager State:
  mDirty=0x0
  mWakefulness={"Awake" if power.awake else "Asleep"}
  mWakefulnessChanging=false
  mIsPowered=true
  mPlugType=2
  mBatteryLevel={power.battery}
  mStayOn=false
  mHoldingWakeLockSuspendBlocker={awake}
  mHoldingDisplaySuspendBlocker={awake}

Display Power: state={"ON" if power.awake else "OFF"}
"""


def _battery(call: Call, _words: list[str]) -> str:
    return f"""Current Battery Service state:
  AC powered: false
  USB powered: true
  Wireless powered: false
  Dock powered: false
  Max charging current: 500000
  Max charging voltage: 5000000
  Charge counter: 2000000
  status: 4
  health: 2
  present: true
  level: {call.device.power.battery}
  scale: 100
  voltage: 4200
  temperature: 250
  technology: Li-ion
"""


def _package(call: Call, words: list[str]) -> str:
    if words:
        return package_report(call, words[0])
    return "".join(package_report(call, package.name) for package in call.device.packages())


def _telephony(_call: Call, _words: list[str]) -> str:
    return """last known state:
  Phone Id=0
    mCallState=0
    mRingingCallState=0
    mForegroundCallState=0
    mBackgroundCallState=0
    mCallIncomingNumber=
    mServiceState={mVoiceRegState=0(IN_SERVICE), mDataRegState=0(IN_SERVICE), mOperatorAlphaLong=Phone}
    mDataConnectionState=2
"""


def _surface_flinger(call: Call, words: list[str]) -> str:
    if words[:1] == ["--display-id"]:
        return "".join(
            f'Display {number} (HWC display {at}): port={at} pnpId=GGL displayName="EMU_display_{at}"\n'
            for at, number in enumerate(call.device.displays)
        )
    if words[:1] == ["--list"]:
        names = [f"{task.package}/{task.activity}#0" for task in call.device.recent()[:1]]
        return "\n".join(['Display 0 name="Built-in Screen"#2', "StatusBar#0", *names, "NavigationBar0#0"]) + "\n"
    return f"Build configuration: [sf PRESENT_TIME_OFFSET=0]\nDisplay {call.device.displays[0]} HWC layers:\n"


def _memory(call: Call, words: list[str]) -> str:
    processes = "".join(f"     60,000K: {name} (pid {process_id(name)})\n" for name in running(call.device))
    if words and not words[-1].startswith("-"):
        if words[-1] not in running(call.device):
            return f"No process found for: {words[-1]}\n"
        return f"""Applications Memory Usage (in Kilobytes):
Uptime: {_milliseconds(call)} Realtime: {_milliseconds(call)}

** MEMINFO in pid {process_id(words[-1])} [{words[-1]}] **
        TOTAL PSS:    60000            TOTAL RSS:    90000       TOTAL SWAP PSS:        0
"""
    return f"""Applications Memory Usage (in Kilobytes):
Uptime: {_milliseconds(call)} Realtime: {_milliseconds(call)}

Total PSS by process:
{processes}
Total RAM: 4,027,340K (status normal)
 Free RAM: 2,097,152K
"""


def _milliseconds(call: Call) -> int:
    return int(1000 * call.device.clock.now())


def _wifi(call: Call, _words: list[str]) -> str:
    on = call.device.setting("global", "wifi_on") != "0"
    ssid = '"AndroidWifi"' if on else "<unknown ssid>"
    return f"""Wi-Fi is {"enabled" if on else "disabled"}
Verbose logging is off
mWifiInfo SSID: {ssid}, BSSID: 02:00:00:00:01:00, MAC: 02:00:00:00:00:00, Supplicant state: COMPLETED, RSSI: -50
"""


def _clipboard(_call: Call, _words: list[str]) -> str:
    return "Clipboard service state\n"


def _notification(_call: Call, _words: list[str]) -> str:
    return "Current Notification Manager state:\n  Notification List:\n"


def _alarm(call: Call, _words: list[str]) -> str:
    return f"Current Alarm Manager state:\n  nowRTC={int(1000 * call.device.clock.wall())}\n  0 pending alarms\n"


def _accessibility(call: Call, _words: list[str]) -> str:
    services = call.device.setting("secure", "enabled_accessibility_services") or ""
    return (
        f"ACCESSIBILITY MANAGER (dumpsys accessibility)\n\nUser state[\n     Enabled services:{{{{{services}}}}}\n]\n"
    )


def _processor(_call: Call, _words: list[str]) -> str:
    return "Load: 0.5 / 0.4 / 0.3\nCPU usage from 10000ms to 0ms ago:\n  2% TOTAL: 1% user + 1% kernel\n"


def _graphics(_call: Call, words: list[str]) -> str:
    name = words[0] if words else "com.android.systemui"
    process = f"pid {process_id(name)} [{name}]"
    return (
        f"Applications Graphics Acceleration Info:\n\n** Graphics info for {process} **\n\nHash: {window_hash(name)}\n"
    )


_REPORTS: dict[str, Callable[[Call, list[str]], str]] = {
    "SurfaceFlinger": _surface_flinger, "accessibility": _accessibility, "activity": activity, "alarm": _alarm,
    "battery": _battery, "clipboard": _clipboard, "cpuinfo": _processor, "display": display, "gfxinfo": _graphics,
    "input": input_devices, "input_method": _input_method, "meminfo": _memory, "notification": _notification,
    "package": _package, "power": _power, "telephony.registry": _telephony, "wifi": _wifi, "window": window,
}  # fmt: skip

PROGRAMS = {"dumpsys": dumpsys}
