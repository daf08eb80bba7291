"""The widgets that an app declares its pages with."""

from environments.phone.screen.containers import Card, Column, Divider, Grid, Header, Line, List, Row, Space, switch_row
from environments.phone.screen.field import TextField
from environments.phone.screen.page import AppBar, Dialog, FloatingButton, Page
from environments.phone.screen.placed import Widget
from environments.phone.screen.widgets import Avatar, Button, Choice, Icon, IconButton, Shortcut, Slider, Switch, Text

__all__ = [
    "AppBar", "Avatar", "Button", "Card", "Choice", "Column", "Dialog", "Divider", "FloatingButton", "Grid", "Header",
    "Icon", "IconButton", "Line", "List", "Page", "Row", "Shortcut", "Slider", "Space", "Switch", "Text", "TextField",
    "Widget", "switch_row",
]  # fmt: skip
