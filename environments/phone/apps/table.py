"""The apps that the phone has, in the order of the home screen."""

from environments.phone.apps import contacts, home, notes, settings
from environments.phone.apps.app import App

APPS: tuple[App, ...] = (
    home.APP,
    contacts.APP,
    notes.APP,
    settings.APP,
)
