"""Notes: the list, and the page a note is written on. A note is kept when its page is left; an empty one is not."""

import time
from dataclasses import replace
from functools import partial

from environments.phone.apps.app import Activity, App, Ui
from environments.phone.screen import (
    AppBar,
    Card,
    Column,
    Dialog,
    FloatingButton,
    IconButton,
    List,
    Page,
    Space,
    Text,
    TextField,
    Widget,
)
from environments.phone.state import Note, new_id


def notes(ui: Ui) -> Page:
    """All notes, the latest first."""
    ordered = sorted(ui.state.notes.items(), key=lambda item: -item[1].changed)
    cards: list[Widget] = [
        Card(_card(note), partial(ui.open, "edit", number), partial(ui.ask, str(number)), id="note")
        for number, note in ordered
    ]
    if not cards:
        cards = [Space(120), Text("No notes", colour="muted", align="center")]
    return Page(
        bar=AppBar("Notes", large=True),
        body=List(tuple(cards), id="notes", foot=88),
        floating=FloatingButton("add", "New note", partial(ui.open, "edit"), "new_note"),
        dialog=_deleting(ui, int(ui.dialog)) if ui.dialog else None,
    )


def edit(ui: Ui) -> Page:
    """One note, or with no argument a new one."""
    note = _note(ui)
    buttons = [IconButton("check", "Save", ui.back, "save", colour="accent")]
    if ui.argument:
        buttons.insert(0, IconButton("trash", "Delete", partial(ui.ask, "delete"), "delete"))
    return Page(
        bar=AppBar("Edit note" if ui.argument else "New note", ui.back, tuple(buttons)),
        body=List((
            TextField("title", "Title", note.title, plain=True, size=22),
            TextField("text", "Note", note.text, lines=6, plain=True),
        ), cls="ScrollView"),
        dialog=_deleting(ui, int(ui.argument)) if ui.dialog else None,
    )  # fmt: skip


def _card(note: Note) -> Widget:
    first = note.text.split("\n")[0]
    return Column((
        Text(note.title or first, 18, bold=True, id="note_title"),
        *((Text(note.text.replace("\n", "  "), 14, colour="muted", lines=2, id="note_text"),) if note.text else ()),
        Text(time.strftime("%d %b %Y, %H:%M", time.gmtime(note.changed)), 12, colour="muted", id="note_date"),
    ), gap=4)  # fmt: skip


def _note(ui: Ui) -> Note:
    return ui.state.notes.get(int(ui.argument or 0), Note(""))


def _keep(ui: Ui) -> None:
    title, text, before = ui.text("title"), ui.text("text"), _note(ui)
    known = not ui.argument or int(ui.argument) in ui.state.notes
    if known and (title or text) and (title, text) != (before.title, before.text):
        number = int(ui.argument) if ui.argument else new_id(ui.state.notes)
        ui.state.notes[number] = replace(before, title=title, text=text, changed=ui.stage.wall())


def _deleting(ui: Ui, number: int) -> Dialog:
    """The question before a note goes; asked by the bin, or in the list by a long press."""

    def delete() -> None:
        ui.state.notes.pop(number, None)
        ui.close()
        if ui.argument:
            ui.back()

    buttons = (("Delete", delete), ("Cancel", ui.close))
    return Dialog("Delete note?", "It cannot be brought back.", buttons, dismiss=ui.close)


APP = App(
    "com.handeye.notes", "Notes", "note", (244, 160, 0),
    {
        "main": Activity(".MainActivity", notes),
        "edit": Activity(".EditActivity", edit, leave=_keep),
    },
    version="1.0", system=False,
)  # fmt: skip
