"""Tables of names: `name:rest` opens whatever stands behind `name`, be it built in or another package's entry point.

It knows nothing of what it opens. Looking up one name imports only the module behind that name.
"""

import difflib
import importlib
import inspect
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Generic, TypeVar

from environments.errors import HandeyeError, UnknownName

T = TypeVar("T")


class InvalidOption(HandeyeError, TypeError):
    """An option that what is opened does not take, or one that it needs and was not given."""


class Registry(Generic[T]):
    """`kind` is the noun for messages ("model"), `builtin` maps names to "module:attribute" (dots lead deeper), and
    `group` is the entry-point group through which other packages add theirs; they cannot replace what is built in.

    What stands behind a name is called as `opener(rest, **options)`.
    """

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self.builtin = dict(builtin)

    def names(self) -> tuple[str, ...]:
        """Every known name, sorted."""
        return tuple(sorted({*self.builtin, *self._entry_points()}))

    def find(self, name: str) -> Callable[..., T]:
        """What opens `name`. Raises UnknownName with the names that there are, the nearest first, and HandeyeError
        when another package's entry does not load."""
        target = self.builtin.get(name)
        if target is not None:
            return self._load(target)
        target = self._entry_points().get(name)
        if target is None:
            raise self._unknown(name)
        try:
            return self._load(target)
        except HandeyeError:
            raise
        except (ImportError, AttributeError) as exc:
            raise HandeyeError(
                f"the {self.kind} '{name}' stands for {target}, which does not load: {exc}",
                fix="repair or remove the package that adds it",
            ) from exc

    def open(self, spec: str, **options: Any) -> T:
        """Open "name" or "name:rest". An option that is None counts as not given.

        Raises UnknownName, InvalidOption, and what the opener raises.
        """
        name, _, rest = spec.partition(":")
        opener = self.find(name.strip())
        given = {key: value for key, value in options.items() if value is not None}
        self._check_options(name.strip(), opener, given)
        return opener(rest, **given)

    def _check_options(self, name: str, opener: Callable[..., T], given: Mapping[str, Any]) -> None:
        parameters = list(inspect.signature(opener).parameters.values())[1:]  # the first is what follows the colon
        if not any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
            taken = [parameter.name for parameter in parameters]
            for key in given:
                if key not in taken:
                    raise InvalidOption(
                        f"the {self.kind} '{name}' takes no option '{key}'",
                        fix=f"leave it out; the options are: {_listed(key, taken)}",
                    )
        for parameter in parameters:
            named = parameter.kind in (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
            if named and parameter.default is inspect.Parameter.empty and parameter.name not in given:
                raise InvalidOption(
                    f"the {self.kind} '{name}' needs the option '{parameter.name}'", fix=f"give {parameter.name}"
                )

    def _unknown(self, name: str) -> UnknownName:
        names = self.names()
        near = difflib.get_close_matches(name.lower(), names, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        return UnknownName(
            f"there is no {self.kind} named '{name[:80]}'{hint}",
            fix=f"the names are: {_listed(name.lower(), names)}",
        )

    def _entry_points(self) -> dict[str, str]:
        from importlib.metadata import entry_points  # noqa: PLC0415 - 40 ms that built-in names need not pay

        return {entry.name: entry.value for entry in reversed(tuple(entry_points(group=self.group)))}

    @staticmethod
    def _load(target: str) -> Callable[..., T]:
        module, _, attribute = target.partition(":")
        opener: Callable[..., T] = attrgetter(attribute)(importlib.import_module(module))
        return opener


def _listed(wanted: str, names: "tuple[str, ...] | list[str]") -> str:
    """The names in one line, those that resemble `wanted` first."""
    near = difflib.get_close_matches(wanted, names)
    return ", ".join([*near, *(name for name in names if name not in near)]) or "none"
