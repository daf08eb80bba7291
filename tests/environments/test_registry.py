"""Names, what stands behind them, and what other packages add to them."""

import sys
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from environments.errors import HandeyeError, MissingExtra, UnknownName
from environments.registry import InvalidOption, Registry

GROUP = "handeye.tests.vehicles"


@dataclass
class Vehicle:
    name: str
    rest: str
    options: dict[str, Any]


class Car:
    def __new__(cls, rest: str, *, wheels: int = 4, color: str = "red") -> Vehicle:  # type: ignore[misc]
        return Vehicle("car", rest, {"wheels": wheels, "color": color})

    @classmethod
    def used(cls, rest: str, *, owner: str) -> Vehicle:
        return Vehicle("used", rest, {"owner": owner})


def anything(rest: str, **options: Any) -> Vehicle:
    return Vehicle("anything", rest, options)


@pytest.fixture
def vehicles(monkeypatch: pytest.MonkeyPatch) -> Registry[Vehicle]:
    module = types.ModuleType("yard")
    vars(module).update(Car=Car, anything=anything)
    monkeypatch.setitem(sys.modules, "yard", module)
    table = {"car": "yard:Car", "used": "yard:Car.used", "any": "yard:anything", "gone": "no_such_module:x"}
    return Registry("vehicle", GROUP, table)


def install(folder: Path, package: str, entries: str, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a package with entry points on the path, as pip does."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\n{entries}\n")
    (folder / f"{package}.py").write_text(source)
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize(
    ("spec", "name", "rest"),
    [
        ("car", "car", ""),
        ("car:", "car", ""),
        ("car:a b", "car", "a b"),
        ("any:x:y", "anything", "x:y"),
        (" car : 1", "car", " 1"),
    ],
)
def test_a_spec_is_a_name_and_the_rest(vehicles: Registry[Vehicle], spec: str, name: str, rest: str) -> None:
    vehicle = vehicles.open(spec)
    assert (vehicle.name, vehicle.rest) == (name, rest)


def test_an_option_that_is_none_is_not_given(vehicles: Registry[Vehicle]) -> None:
    assert vehicles.open("car", wheels=None, color="blue", sails=None).options == {"wheels": 4, "color": "blue"}
    assert vehicles.open("any", wheels=None, color=0).options == {"color": 0}


def test_a_path_to_an_attribute(vehicles: Registry[Vehicle]) -> None:
    assert vehicles.open("used:x", owner="me").options == {"owner": "me"}


def test_an_option_that_is_not_taken(vehicles: Registry[Vehicle]) -> None:
    with pytest.raises(InvalidOption, match="the vehicle 'car' takes no option 'wheel'") as caught:
        vehicles.open("car", wheel=3)
    assert caught.value.fix.endswith("the options are: wheels, color")
    assert isinstance(caught.value, HandeyeError)


@pytest.mark.parametrize("owner", [{}, {"owner": None}])
def test_an_option_that_is_needed(vehicles: Registry[Vehicle], owner: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="the vehicle 'used' needs the option 'owner'"):
        vehicles.open("used:x", **owner)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("cra", "; did you mean 'car'?"),
        ("CAR", "; did you mean 'car'?"),
        ("zeppelin", "named 'zeppelin'"),
        ("", "named ''"),
    ],
)
def test_an_unknown_name(vehicles: Registry[Vehicle], name: str, hint: str) -> None:
    with pytest.raises(UnknownName) as caught:
        vehicles.open(f"{name}:x")
    assert str(caught.value).endswith(hint)
    assert all(known in caught.value.fix for known in ("car", "used", "any"))
    assert isinstance(caught.value, LookupError)


def test_a_long_name_is_not_repeated_in_full(vehicles: Registry[Vehicle]) -> None:
    with pytest.raises(UnknownName) as caught:
        vehicles.open("x" * 100_000)
    assert len(str(caught.value)) < 200


def test_a_built_in_name_whose_module_is_gone_is_a_fault_of_ours(vehicles: Registry[Vehicle]) -> None:
    with pytest.raises(ModuleNotFoundError):
        vehicles.open("gone")


def test_another_package_adds_a_name(
    vehicles: Registry[Vehicle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vehicles.names() == ("any", "car", "gone", "used")
    source = "def open_boat(rest, *, sails=1):\n    return (rest, sails)\n"
    install(tmp_path, "boatyard", "boat = boatyard:open_boat\ncar = boatyard:open_boat", source, monkeypatch)
    assert vehicles.names() == ("any", "boat", "car", "gone", "used")
    assert "boatyard" not in sys.modules
    assert vehicles.open("boat:x", sails=3) == ("x", 3)
    with pytest.raises(InvalidOption, match="takes no option 'wheels'"):
        vehicles.open("boat:x", wheels=3)
    with pytest.raises(UnknownName, match="did you mean 'boat'"):
        vehicles.open("boot")
    assert vehicles.open("car:x").name == "car", "what is built in cannot be replaced"
    monkeypatch.delitem(sys.modules, "boatyard")


@pytest.mark.parametrize(
    ("source", "reason"),
    [("import no_such_package", "no_such_package"), ("", "open_kite")],
)
def test_another_package_that_does_not_load(
    vehicles: Registry[Vehicle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, reason: str
) -> None:
    install(tmp_path, "kites", "kite = kites:open_kite", source, monkeypatch)
    with pytest.raises(HandeyeError, match="the vehicle 'kite' stands for kites:open_kite") as caught:
        vehicles.open("kite")
    assert reason in str(caught.value)
    sys.modules.pop("kites", None)


def test_another_package_that_lacks_an_extra(
    vehicles: Registry[Vehicle], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "from environments.errors import MissingExtra\nraise MissingExtra('gliding', 'air', 'wings')"
    install(tmp_path, "gliders", "glider = gliders:x", source, monkeypatch)
    with pytest.raises(MissingExtra, match="wings") as caught:
        vehicles.open("glider")
    assert "handeye[air]" in caught.value.fix
