"""What can go wrong between a goal and an action.

    HandeyeError (environments/errors.py)
    |-- ModelUnavailable   the model cannot be loaded or reached; `fix` says what to do
    `-- UnknownName        no environment, model or dialect of that name (handed on from environments/errors.py)

A reply that does not parse is no exception but data: see FormatError in agent/decision.py.
"""

from environments.errors import HandeyeError, UnknownName

__all__ = ["ModelUnavailable", "UnknownName"]


class ModelUnavailable(HandeyeError):
    """The model cannot answer: no weights, no server, no permission, no memory."""
