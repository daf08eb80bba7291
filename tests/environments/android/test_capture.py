"""Screenshots: what is accepted, what is refused, and that nothing in between exists."""

import struct

import pytest
from PIL import Image

from environments.android.adb import AdbShell
from environments.android.capture import BadShot, Capture, display_ids, read_png, read_raw
from environments.frame import Frame
from tests.environments.android.adb_server import AdbServer, ScriptedDevice

WARNING = (
    "[Warning] Multiple displays were found, but no display id was specified! Defaulting to the first display found, "
    "however this default is not guaranteed to be consistent across captures.\nA display ID can be specified with the "
    '[-d display-id] option.\nSee "dumpsys SurfaceFlinger --display-id" for valid display IDs.\n'
)


@pytest.fixture(scope="module")
def frame() -> Frame:
    image = Image.radial_gradient("L").resize((90, 160))
    return Frame.from_image(Image.merge("RGB", (image, image.transpose(Image.Transpose.FLIP_TOP_BOTTOM), image)))


def test_a_sound_png(frame: Frame) -> None:
    assert read_png(frame.png()) == (frame, "")


def test_a_warning_before_the_png_is_set_apart_and_told(frame: Frame) -> None:
    shot = read_png(WARNING.encode() + frame.png())
    assert shot.frame == frame
    assert shot.warning == WARNING.strip()
    assert read_png(frame.png() + b"\nbye\n") == (frame, "bye")


def test_a_png_cut_at_every_percent(frame: Frame) -> None:
    data = frame.png()
    for percent in range(100):
        with pytest.raises(BadShot):
            read_png(data[: len(data) * percent // 100])
    with pytest.raises(BadShot, match="before its end"):
        read_png(data[:-1])


def test_a_png_with_any_byte_of_its_middle_changed(frame: Frame) -> None:
    data = frame.png()
    for at in range(8, len(data), 997):
        with pytest.raises(BadShot):
            read_png(data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :])


@pytest.mark.parametrize("end", [b"\r\n", b"\r\r\n"])
def test_line_ends_translated_by_a_terminal_are_named(frame: Frame, end: bytes) -> None:
    with pytest.raises(BadShot, match="line ends" if end == b"\r\n" else "."):
        read_png(frame.png().replace(b"\n", end))


@pytest.mark.parametrize("data", [b"", b"<html>no</html>", b"\x89PNG", b"error: device\n" * 50, bytes(1000)])
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(BadShot):
        read_png(data)
    with pytest.raises(BadShot):
        read_raw(data)


def test_a_picture_that_is_too_large_is_not_decoded() -> None:
    header = struct.pack(">IIBBBBB", 65535, 65535, 8, 2, 0, 0, 0)
    chunks = b"".join(_chunk(kind, body) for kind, body in ((b"IHDR", header), (b"IDAT", b"x"), (b"IEND", b"")))
    with pytest.raises(BadShot, match=r"pixels are read|decode"):
        read_png(b"\x89PNG\r\n\x1a\n" + chunks)
    with pytest.raises(BadShot, match="something else"):
        read_raw(struct.pack("<IIII", 65535, 65535, 1, 0) + bytes(100))


def _chunk(kind: bytes, data: bytes) -> bytes:
    import zlib  # noqa: PLC0415

    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("head", ["<IIII", "<III"])
@pytest.mark.parametrize(("form", "mode"), [(1, "RGBA"), (2, "RGBX"), (3, "RGB")])
def test_raw_pixels(frame: Frame, head: str, form: int, mode: str) -> None:
    rest = (0,) if head == "<IIII" else ()
    data = struct.pack(head, *frame.size, form, *rest) + frame.image().convert(mode).tobytes()
    assert read_raw(data).frame == frame
    for wrong in (data[:-1], data + b"\0", data[: len(data) // 2]):
        with pytest.raises(BadShot, match="too few or too many"):
            read_raw(wrong)


def test_blue_first(frame: Frame) -> None:
    red, green, blue = frame.image().split()
    data = struct.pack("<IIII", *frame.size, 5, 0) + Image.merge("RGBA", (blue, green, red, red)).tobytes()
    assert read_raw(data).frame == frame


def test_the_faster_format_is_kept(shell: AdbShell, adb: AdbServer, device: ScriptedDevice) -> None:
    sizes = {"png": 0.0, "raw": 0.0}

    def slow(words: list[str]) -> tuple[int, bytes, bytes]:
        import time  # noqa: PLC0415

        time.sleep(sizes["png" if "-p" in words else "raw"])
        device.screenshot = None
        result = device._screencap(words)
        device.screenshot = slow
        return result

    device.screenshot = slow
    for slower, faster in (("png", "raw"), ("raw", "png")):
        sizes.update({slower: 0.05, faster: 0.0})
        capture = Capture(shell)
        capture.measure()
        assert capture.form == faster
        assert capture.milliseconds[faster] < capture.milliseconds[slower]
        assert capture.take().frame == device.frame()


def test_a_format_that_does_not_work_is_not_used(shell: AdbShell, device: ScriptedDevice) -> None:
    frame = device.frame()
    device.screenshot = lambda words: (0, frame.png() if "-p" in words else b"Segmentation fault\n", b"")
    capture = Capture(shell)
    capture.measure()
    assert (capture.form, set(capture.milliseconds)) == ("png", {"png"})
    device.screenshot = lambda _: (1, b"", b"Failed to take screenshot. Status: -1\n")
    with pytest.raises(BadShot, match="Status: -1"):
        Capture(shell).measure()


def test_the_display_is_named(shell: AdbShell, device: ScriptedDevice) -> None:
    Capture(shell, "4619827259835644672").take()
    assert device.ran[-1] == ["screencap", "-p", "-d", "4619827259835644672"]


def test_an_unchanged_screen_is_the_same_frame(shell: AdbShell, device: ScriptedDevice) -> None:
    capture = Capture(shell)
    first = capture.take().frame
    assert capture.take().frame is first
    device.focus = "com.example.other/.Main"
    assert capture.take().frame != first


def test_words_on_standard_error_are_told(shell: AdbShell, device: ScriptedDevice) -> None:
    png = device.frame().png()
    device.screenshot = lambda _: (0, png, WARNING.encode())
    assert Capture(shell).take().warning == WARNING.strip()


def test_a_screen_with_shell_v1(shell: AdbShell, device: ScriptedDevice) -> None:
    device.features = "cmd"
    png = device.frame().png()
    device.screenshot = lambda _: (0, png, b"")
    assert Capture(shell).take().frame == device.frame()
    device.screenshot = lambda _: (0, b"WARNING: linker\n" + png, b"")
    shot = Capture(shell).take()
    assert (shot.frame, shot.warning) == (device.frame(), "WARNING: linker")


def test_ids_of_displays() -> None:
    text = (
        'Display 4619827551948147201 (HWC display 1): port=1 pnpId=GGL displayName="EMU_display_1"\n'
        'Display 4619827259835644672 (HWC display 0): port=0 pnpId=GGL displayName="EMU_display_0"\n'
    )
    assert display_ids(text) == ["4619827259835644672", "4619827551948147201"]
    assert display_ids("Unknown option\n") == []
