"""The reports on windows, activities, the display and its input: `dumpsys window | activity | display | input`."""

from environments.geometry import Size
from environments.phone.device import Device, Focus
from environments.phone.shell.call import Call
from environments.phone.shell.commands.identity import process_id, task_id, user_id, window_hash
from environments.phone.shell.commands.intents import short_component

ROTATIONS = ("ROTATION_0", "ROTATION_90", "ROTATION_180", "ROTATION_270")
KEYGUARD = "NotificationShade"


def _turned(device: Device) -> Size:
    """The size of the logical display, as it is turned now."""
    width, height = device.override_size or device.size
    return Size(height, width) if device.rotation % 2 else Size(width, height)


def _density(device: Device) -> int:
    return device.override_density or device.density


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _window(name: str) -> str:
    return f"Window{{{window_hash(name)} u0 {name}}}"


def _record(task: Focus) -> str:
    name = short_component(task.package, task.activity)
    return f"ActivityRecord{{{window_hash(name)} u0 {name} t{task_id(task)}}}"


def window(call: Call, words: list[str]) -> str:
    sections = {
        "policy": _policy,
        "p": _policy,
        "displays": _displays,
        "d": _displays,
        "windows": _windows,
        "w": _windows,
    }
    wanted = [word for word in words if not word.startswith("-")]
    if wanted:
        section = sections.get(wanted[0])
        return (
            f"Bad window command, or no windows match: {wanted[0]}\nUse -h for help.\n"
            if section is None
            else section(call)
        )
    return _policy(call) + _displays(call) + _windows(call)


def _policy(call: Call) -> str:
    power, device = call.device.power, call.device
    mode = "FREE" if device.setting("system", "accelerometer_rotation") == "1" else "LOCKED"
    return f"""WINDOW MANAGER POLICY STATE (dumpsys window policy)
    mSystemReady=true mSystemBooted=true
    mUiMode=UI_MODE_TYPE_NORMAL mEnableCarDockHomeCapture=true
    mKeyguardDrawComplete=true mWindowManagerDrawComplete=true
    mAwake={_flag(power.awake)} mScreenOnEarly={_flag(power.awake)} mScreenOnFully={_flag(power.awake)}
    mUserRotationMode=USER_ROTATION_{mode} mUserRotation={ROTATIONS[device.rotation]}
    KeyguardServiceDelegate
      showing={_flag(power.locked)}
      inputRestricted={_flag(power.locked)}
      occluded=false
      secure=false
      screenState=SCREEN_STATE_{"ON" if power.awake else "OFF"}
      interactiveState=INTERACTIVE_STATE_{"AWAKE" if power.awake else "SLEEP"}
    mShowingLockscreen={_flag(power.locked)} mShowingDream=false mDreamingLockscreen={_flag(power.locked)}

"""


def _focus_lines(device: Device) -> str:
    focus = device.focus
    front = _window(KEYGUARD) if device.power.locked else (
        "null" if focus is None else _window(f"{focus.package}/{focus.activity}")
    )  # fmt: skip
    return f"  mCurrentFocus={front}\n  mFocusedApp={'null' if focus is None else _record(focus)}\n"


def _displays(call: Call) -> str:
    device = call.device
    width, height = _turned(device)
    physical = device.size
    override = (
        f"base={width}x{height} {_density(device)}dpi " if device.override_size or device.override_density else ""
    )
    return f"""WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)
  Display: mDisplayId=0 (organized)
    init={physical.width}x{physical.height} {device.density}dpi {override}cur={width}x{height} app={width}x{height} \
rng={min(width, height)}x{min(width, height)}-{max(width, height)}x{max(width, height)}
    deferred=false mLayoutNeeded=false
{_focus_lines(device)}
  DisplayFrames w={width} h={height} r={device.rotation}
  DisplayRotation
    mCurrentAppOrientation=SCREEN_ORIENTATION_UNSPECIFIED
    mRotation={device.rotation} mDeferredRotationPauseCount=0
    mCurrentRotation={ROTATIONS[device.rotation]}

"""


def _windows(call: Call) -> str:
    device = call.device
    width, height = _turned(device)
    lines = ["WINDOW MANAGER WINDOWS (dumpsys window windows)"]
    names = ["StatusBar", KEYGUARD, "NavigationBar0"]
    if device.keyboard_shown:
        names.append("InputMethod")
    tasks = {f"{task.package}/{task.activity}": task for task in device.recent()}
    focus = device.focus
    if focus is not None:
        tasks = {f"{focus.package}/{focus.activity}": focus, **tasks}
    secure = device.secure
    for number, name in enumerate([*names, *tasks]):
        task = tasks.get(name)
        front = task is not None and task == focus
        kind = {"StatusBar": "STATUS_BAR", KEYGUARD: "NOTIFICATION_SHADE", "InputMethod": "INPUT_METHOD",
                "NavigationBar0": "NAVIGATION_BAR"}.get(name, "BASE_APPLICATION")  # fmt: skip
        package = task.package if task else "com.android.systemui"
        visible = (
            front
            or name in ("StatusBar", "NavigationBar0", "InputMethod")
            or (name == KEYGUARD and device.power.locked)
        )
        lines.append(f"""  Window #{number} {_window(name)}:
    mDisplayId=0 rootTaskId={task_id(task) if task else 1} \
mSession=Session{{{window_hash(package)} {process_id(package)}:u0a1}}
    mOwnerUid={user_id(device, package)} showForAllUsers=false package={package} appop=NONE
    mAttrs={{(0,0)(fillxfill) sim={{adjust=resize}} ty={kind} fmt=TRANSLUCENT
      fl=LAYOUT_IN_SCREEN {"SECURE " if front and secure else ""}LAYOUT_INSET_DECOR HARDWARE_ACCELERATED}}
    Requested w={width} h={height} mLayoutSeq=1
    mHasSurface={_flag(visible)} isReadyForDisplay()={_flag(visible)} mWindowRemovalAllowed=false
    isOnScreen={_flag(visible)}
    isVisible={_flag(visible)}""")
    lines.append(f"\n  mGlobalConfiguration={{1.0 {_density(device)}dpi {ROTATIONS[device.rotation]}}}")
    lines.append(_focus_lines(device) + f"  mInputMethodTarget in display# 0 {_window('InputMethod')}")
    lines.append(f"  mSystemBooted=true mDisplayEnabled=true\n  mRotation={device.rotation}")
    return "\n".join(lines) + "\n"


def activity(call: Call, words: list[str]) -> str:
    verb = words[0] if words else ""
    if verb in ("activities", "a"):
        return _activities(call)
    if verb == "top":
        return _top(call)
    if verb in ("recents", "r"):
        return _recents(call)
    if verb in ("processes", "services", "broadcasts", "providers", "intents"):
        return f"ACTIVITY MANAGER {verb.upper()} (dumpsys activity {verb})\n  (nothing)\n"
    if verb:
        return f"Bad activity command, or no activities match: {verb}\nUse -h for help.\n"
    return _recents(call) + _activities(call)


def _activities(call: Call) -> str:
    device = call.device
    focus = device.focus
    lines = ["ACTIVITY MANAGER ACTIVITIES (dumpsys activity activities)",
             "Display #0 (activities from top to bottom):"]  # fmt: skip
    for task in device.recent():
        lines.append(
            f"  * Task{{{window_hash(task.package)} #{task_id(task)} type=standard "
            f"A={user_id(device, task.package)}:{task.package}}}"
        )
        if task == focus:
            lines.append(f"    mResumedActivity: {_record(task)}")
        lines.append(f"    * Hist  #0: {_record(task)}\n      packageName={task.package} processName={task.package}")
    if focus is not None:
        lines.append(f"\n  ResumedActivity: {_record(focus)}\n  mResumedActivity: {_record(focus)}")
        lines.append(f"  topResumedActivity={_record(focus)}\n  mFocusedApp={_record(focus)}")
    lines.append(f"  KeyguardController:\n    mKeyguardShowing={_flag(device.power.locked)}")
    return "\n".join(lines) + "\n"


def _top(call: Call) -> str:
    """The activity in front comes last, as on Android."""
    device = call.device
    tasks = [*reversed([task for task in device.recent() if task != device.focus])]
    if device.focus is not None:
        tasks.append(device.focus)
    return "".join(
        f"TASK {task.package} id={task_id(task)} userId=0\n"
        f"  ACTIVITY {short_component(*task)} {window_hash(short_component(*task))} pid={process_id(task.package)}\n"
        f"    Local Activity {window_hash(task.package)} State:\n      mResumed={_flag(task == device.focus)}\n"
        for task in tasks
    )


def _recents(call: Call) -> str:
    lines = ["ACTIVITY MANAGER RECENT TASKS (dumpsys activity recents)", "  Recent tasks:"]
    for number, task in enumerate(call.device.recent()):
        lines.append(
            f"  * Recent #{number}: Task{{{window_hash(task.package)} #{task_id(task)} type=standard A={task.package}}}"
        )
        lines.append(
            f"    id={task_id(task)} userId=0 realActivity={short_component(*task)}\n"
            f"    topActivity={short_component(*task)}"
        )
    return "\n".join(lines) + "\n"


def display(call: Call, _words: list[str]) -> str:
    device = call.device
    width, height = _turned(device)
    physical, turns, density = device.size, device.rotation, _density(device)
    state = "ON" if device.power.awake else "OFF"
    identity = f'"Built-in Screen", displayId 0, FLAG_SECURE, FLAG_SUPPORTS_PROTECTED_BUFFERS, real {width} x {height}'
    info = (
        f"DisplayInfo{{{identity}, largest app {max(width, height)} x {max(width, height)}, smallest app "
        f"{min(width, height)} x {min(width, height)}, appVsyncOff 1000000, 60.0 fps, rotation {turns}, state {state}, "
        f'type INTERNAL, uniqueId "local:{call.device.displays[0]}", app {width} x {height}, density {density} '
        f"({density}.0 x {density}.0) dpi, layerStack 0}}"
    )
    viewports = "".join(
        f"    DisplayViewport{{type={'EXTERNAL' if at else 'INTERNAL'}, valid=true, isActive=true, displayId={at}, "
        f"uniqueId='local:{number}', physicalPort={at}, orientation={0 if at else turns}, "
        f"logicalFrame=Rect(0, 0 - {width}, {height}), physicalFrame=Rect(0, 0 - {physical.width}, {physical.height}), "
        f"deviceWidth={physical.width}, deviceHeight={physical.height}}}\n"
        for at, number in enumerate(call.device.displays)
    )
    return f"""DISPLAY MANAGER (dumpsys display)
  mSafeMode=false
  mPendingTraversal=false
  mGlobalDisplayState={state}
  mViewports=
{viewports}
Display Devices: size={len(call.device.displays)}
  DisplayDeviceInfo{{"Built-in Screen": uniqueId="local:{call.device.displays[0]}", {physical.width} x \
{physical.height}, modeId 1, density {device.density}, {density}.0 x {density}.0 dpi, touch INTERNAL, rotation 0, \
type INTERNAL, state {state}}}

Logical Displays: size={len(call.device.displays)}
  Display 0:
    mDisplayId=0
    mLayerStack=0
    mBaseDisplayInfo={info}
    mOverrideDisplayInfo={info}
    mCurrentOrientation={turns}

Display Power Controller:
  mScreenState={state}
  mCurrentOrientation={turns}
"""


def input_devices(call: Call, _words: list[str]) -> str:
    device = call.device
    width, height = _turned(device)
    physical, turns = device.size, device.rotation
    logical_frame = f"logicalFrame=[0, 0, {width}, {height}], physicalFrame=[0, 0, {physical.width}, {physical.height}]"
    return f"""INPUT MANAGER (dumpsys input)

Event Hub State:
  Devices:
    2: touchscreen
      Classes: TOUCH | TOUCH_MT
      Path: /dev/input/event1

Input Reader State:
  Device 2: touchscreen
    Sources: TOUCHSCREEN
    Touch Input Mapper (mode - DIRECT):
      Viewport INTERNAL: displayId=0, uniqueId=local:{call.device.displays[0]}, port=0, orientation={turns}, \
{logical_frame}, deviceSize=[{physical.width}, {physical.height}], isActive=[1]
      RawSurfaceWidth: {physical.width}px
      RawSurfaceHeight: {physical.height}px
      PhysicalWidth: {physical.width}px
      PhysicalHeight: {physical.height}px
      SurfaceWidth: {width}px
      SurfaceHeight: {height}px
      SurfaceOrientation: {turns}
      InputDeviceOrientation: Rotation{turns * 90}

Input Dispatcher State:
  DispatchEnabled: true
  FocusedDisplayId: 0
  FocusedWindows:
    displayId=0, name='{_focused(device)}'
"""


def _focused(device: Device) -> str:
    focus = device.focus
    return "none" if focus is None else f"{window_hash(focus.package)} {focus.package}/{focus.activity}"
