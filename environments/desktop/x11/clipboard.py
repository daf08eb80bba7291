"""Pasting through the X selections (ICCCM, section 2), for texts with more characters than there are keys.

Both selections, PRIMARY and CLIPBOARD, are owned for the moment of the paste, since shift+insert takes the one in
terminals and the other elsewhere. As their owner we know when the text was fetched, so the old texts come back
neither too early nor after a guess.
"""

import subprocess
import time
from collections.abc import Callable
from typing import Any

from Xlib import X, Xatom
from Xlib.display import Display
from Xlib.protocol import event, request

from environments.desktop.x11.screen import read_property, text_of

SELECTIONS = ("PRIMARY", "CLIPBOARD")
READ_SECONDS = 0.5
FETCH_SECONDS = 2.0
"""How long a program may take to fetch what it is to paste."""
QUIET_SECONDS = 0.15
"""After a fetch: programs fetch in several requests, and clipboard collectors join in."""
CHUNK = 30_000
"""Characters per paste: at 4 bytes each below the 256 kB that one X request carries."""


class Clipboard:
    """Owns a window of its own that holds and asks for selections."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._window = display.screen().root.create_window(0, 0, 1, 1, 0, X.CopyFromParent)
        self._text = b""
        self._fetched = 0
        atom = display.intern_atom
        self._utf8, self._targets, self._property = atom("UTF8_STRING"), atom("TARGETS"), atom("HANDEYE_PASTE")
        self._kinds = {self._utf8: "utf-8", Xatom.STRING: "latin-1", atom("TEXT"): "utf-8"}

    def paste(self, text: str, press_paste: Callable[[], None], stopped: Callable[[], bool]) -> tuple[int, str]:
        """Paste a text piece by piece; `press_paste` presses the keys for it.

        Returns how many characters were surely fetched and a note: that nobody fetched them although the keys were
        pressed, and what could not be put back.
        """
        old = {name: self._read(name) for name in SELECTIONS}
        pasted, untaken = 0, ""
        try:
            while pasted < len(text) and not stopped():
                piece = text[pasted : pasted + CHUNK]
                if not self._serve(piece, press_paste, stopped):
                    untaken = "no program took the text from the clipboard"
                    break
                pasted += len(piece)
        finally:
            lost = self._put_back(old)
        return pasted, "; ".join(filter(None, (untaken, lost)))

    def _serve(self, piece: str, press_paste: Callable[[], None], stopped: Callable[[], bool]) -> bool:
        """Own the selections while one piece is fetched; whether it was."""
        self._text, self._fetched = piece.encode(), 0
        for name in SELECTIONS:
            self._window.set_selection_owner(self._display.intern_atom(name), X.CurrentTime)
        self._display.sync()
        press_paste()
        self._until(lambda: self._fetched > 0 or stopped(), FETCH_SECONDS)
        seen = 0
        while self._fetched > seen:
            seen = self._fetched
            self._until(lambda before=seen: self._fetched > before or stopped(), QUIET_SECONDS)  # type: ignore[misc]
        return self._fetched > 0

    def _until(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            while self._display.pending_events():
                self._answer(self._display.next_event())
            time.sleep(0.005)

    def _answer(self, happened: Any) -> None:
        """Answer another program's request for our text."""
        if happened.type != X.SelectionRequest:
            return
        kind = happened.property or happened.target
        if happened.target == self._targets:
            happened.requestor.change_property(kind, Xatom.ATOM, 32, [self._targets, *self._kinds])
        elif happened.target in self._kinds:
            encoding = self._kinds[happened.target]
            data = self._text if encoding == "utf-8" else self._text.decode().encode(encoding, "replace")
            happened.requestor.change_property(kind, happened.target, 8, data)
            self._fetched += 1
        else:
            kind = X.NONE
        happened.requestor.send_event(
            event.SelectionNotify(
                time=happened.time,
                requestor=happened.requestor,
                selection=happened.selection,
                target=happened.target,
                property=kind,
            )
        )
        self._display.flush()

    def _read(self, name: str) -> str | None:
        """The text that a selection holds: empty when nobody owns it, None when it is no (short) text."""
        selection = self._display.intern_atom(name)
        if self._display.get_selection_owner(selection) == X.NONE:
            return ""
        self._window.convert_selection(selection, self._utf8, self._property, X.CurrentTime)
        self._display.sync()
        deadline = time.monotonic() + READ_SECONDS
        while time.monotonic() < deadline:
            while self._display.pending_events():
                happened = self._display.next_event()
                if happened.type == X.SelectionNotify and happened.selection == selection:
                    return self._take_property() if happened.property else None
            time.sleep(0.005)
        return None

    def _take_property(self) -> str | None:
        value = read_property(self._window, self._property)
        self._window.delete_property(self._property)
        if value is None or value.property_type != self._utf8:
            return None
        return text_of(value)

    def _put_back(self, old: dict[str, str | None]) -> str:
        """Hand the old texts to xclip, which keeps them after we are gone."""
        lost = []
        for name, text in old.items():
            selection = self._display.intern_atom(name)
            if text and _give_to_xclip(name, text):
                continue
            if text or text is None:
                lost.append(name)
            if self._display.get_selection_owner(selection) == self._window:
                request.SetSelectionOwner(
                    display=self._display.display, window=X.NONE, selection=selection, time=X.CurrentTime
                )
        self._display.sync()
        return f"the former contents of {' and '.join(lost)} could not be put back" if lost else ""


def _give_to_xclip(selection: str, text: str) -> bool:
    try:
        done = subprocess.run(
            ["xclip", "-selection", selection.lower(), "-in"],
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=2,
            check=False,
        )
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
