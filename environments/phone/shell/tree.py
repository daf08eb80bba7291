"""A shell line as a tree: what the parser makes and a process carries out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Literal:
    text: str
    quoted: bool


@dataclass(frozen=True)
class Parameter:
    """`$name`, or `${name operator word}`."""

    name: str
    quoted: bool
    operator: str = ""
    word: "Word" = ()


@dataclass(frozen=True)
class Substitution:
    """`$(body)`"""

    body: "Sequence"
    quoted: bool


@dataclass(frozen=True)
class Arithmetic:
    """`$((expression))`"""

    word: "Word"
    quoted: bool


Part = Literal | Parameter | Substitution | Arithmetic
Word = tuple[Part, ...]


@dataclass(frozen=True)
class Redirect:
    fd: int
    operator: str
    target: Word


@dataclass(frozen=True)
class Simple:
    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Group:
    body: "Sequence"
    subshell: bool


@dataclass(frozen=True)
class If:
    branches: tuple[tuple["Sequence", "Sequence"], ...]
    otherwise: "Sequence"


@dataclass(frozen=True)
class Loop:
    condition: "Sequence"
    body: "Sequence"
    until: bool


@dataclass(frozen=True)
class For:
    """`words` is None where the line has no "in"."""

    name: str
    words: tuple[Word, ...] | None
    body: "Sequence"


@dataclass(frozen=True)
class Case:
    word: Word
    arms: tuple[tuple[tuple[Word, ...], "Sequence"], ...]


@dataclass(frozen=True)
class Command:
    kind: Simple | Group | If | Loop | For | Case
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Pipeline:
    commands: tuple[Command, ...]
    negated: bool


@dataclass(frozen=True)
class AndOr:
    """Pipelines, each with what joins it to those before: "", "&&" or "||"."""

    pipelines: tuple[tuple[str, Pipeline], ...]
    background: bool


Sequence = tuple[AndOr, ...]
