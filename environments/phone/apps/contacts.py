"""Contacts: the list with its search, a person's page, and the form that adds or changes one."""

from dataclasses import replace
from functools import partial

from environments.phone.apps.app import Activity, App, Ui
from environments.phone.screen import (
    AppBar,
    Avatar,
    Button,
    Card,
    Column,
    Dialog,
    FloatingButton,
    Header,
    Icon,
    IconButton,
    Line,
    List,
    Page,
    Row,
    Space,
    Text,
    TextField,
    Widget,
)
from environments.phone.state import Contact, new_id

FIELDS = (("name", "Name", "person"), ("phone", "Phone", "call"), ("email", "Email", "mail"))


def people(ui: Ui) -> Page:
    """Everybody, by name, under the first letters; or those that the search finds."""
    wanted = ui.text("search_view").casefold()
    found = [(number, person) for number, person in ui.state.contacts.items() if _matches(person, wanted)]
    rows: list[Widget] = []
    letter = ""
    for number, person in sorted(found, key=lambda item: item[1].name.casefold()):
        if person.name[:1].upper() != letter:
            letter = person.name[:1].upper()
            rows.append(Header(letter))
        rows.append(Row(person.name, leading=Avatar(person.name), id="contact_row", title_id="cliv_name_textview",
                        tap=partial(ui.open, "person", number)))  # fmt: skip
    if not rows:
        rows = [
            Space(64),
            Text("No contacts" if not wanted else "No matching contacts", colour="muted", align="center"),
        ]
    return Page(
        bar=AppBar("Contacts", large=True),
        top=(TextField("search_view", "Search contacts", icon="search"),),
        body=List(tuple(rows), foot=88),
        floating=FloatingButton("add", "Create new contact", partial(ui.open, "edit")),
    )


def person(ui: Ui) -> Page:
    """One person."""
    contact = ui.state.contacts.get(int(ui.argument), Contact("Deleted contact"))
    details = tuple(
        Row(value, label, Icon(icon), id=f"{name}_row", title_id="header", summary_id="sub_header")
        for name, label, icon in FIELDS[1:]
        if (value := getattr(contact, name))
    )
    return Page(
        bar=AppBar("", ui.back, (
            IconButton("edit", "Edit contact", partial(ui.open, "edit", ui.argument), "menu_edit"),
            IconButton("trash", "Delete contact", partial(ui.ask, "delete"), "menu_delete"),
        )),
        body=List((
            Line((Avatar(contact.name, 96),), align="center"),
            Space(16),
            Column((Text(contact.name, 28, align="center", lines=3, id="large_title"),), padding=8),
            Space(16),
            *((Card(Column(details), padding=0),) if details else ()),
        )),
        dialog=None if ui.dialog != "delete" else Dialog(
            "Delete contact?", f"{contact.name} will be removed from this phone.",
            (("Delete", partial(_delete, ui)), ("Cancel", ui.close)), dismiss=ui.close,
        ),
    )  # fmt: skip


def edit(ui: Ui) -> Page:
    """The form: a new person, or with an argument one to change."""
    contact = ui.state.contacts.get(int(ui.argument or 0), Contact(""))
    fields = tuple(
        TextField(name, hint, getattr(contact, name), icon=icon, keys="phone" if name == "phone" else "text")
        for name, hint, icon in FIELDS
    )
    title = "Edit contact" if ui.argument else "Create contact"
    save = IconButton("check", "Save", partial(_save, ui), "editor_menu_save_button", colour="accent")
    foot = Line((Button("Save", partial(_save, ui), id="save_button"),), align="right", padding=16)
    return Page(List((Space(8), *fields, Space(8), foot), cls="ScrollView"), AppBar(title, ui.back, (save,)))


def _matches(contact: Contact, wanted: str) -> bool:
    return any(wanted in text.casefold() for text in (contact.name, contact.phone, contact.email))


def _save(ui: Ui) -> None:
    """A person without a name goes by the number or the address; without any of them there is nothing to save."""
    name, phone, email = (ui.text(field).strip() for field, _, _ in FIELDS)
    if name or phone or email:
        contacts = ui.state.contacts
        number = int(ui.argument) if ui.argument else new_id(contacts)
        old = contacts.get(number, Contact(""))
        contacts[number] = replace(old, name=name or phone or email, phone=phone, email=email)
    ui.back()


def _delete(ui: Ui) -> None:
    ui.state.contacts.pop(int(ui.argument), None)
    ui.close()
    ui.back()


APP = App(
    "com.android.contacts", "Contacts", "person", (26, 115, 232),
    {
        "main": Activity(".activities.PeopleActivity", people),
        "person": Activity(".quickcontact.QuickContactActivity", person),
        "edit": Activity(".activities.ContactEditorActivity", edit, focus="name"),
    },
    actions={"android.intent.action.INSERT": "edit"},
)  # fmt: skip
