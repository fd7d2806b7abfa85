"""What can go wrong, as one tree.

::

    WalkshedError
    |-- InputError (ValueError)        the user's files or settings
    |   |-- ContractError              a table or a config breaks its contract; carries every problem found
    |   `-- CrsError                   a coordinate system is missing, unknown or contradicts the coordinates
    |-- NetworkError                   the walking network cannot be built or used
    |   `-- SnapError                  points cannot be tied to the network
    |-- SitingError                    a siting problem cannot be posed or solved
    |   |-- InfeasibleError            the demands contradict each other or the data
    |   `-- SolverError                the solver failed
    |-- FetchError (OSError)           something had to come from the internet and did not
    `-- CancelledError                 the user stopped a long step

Every message lives in the catalogue (``catalogue/errors*.toml``) in English and Chinese and says what happened, where,
the likely cause and what to do. ``str(error)`` is the English text, :meth:`WalkshedError.text` either.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from walkshed.catalogue import text as catalogue_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


SHOWN = 2000
"""Characters of a field that a message shows: a file may be made of one endless name."""
_UNSEEN = {number: "\ufffd" for number in (*range(32), *range(127, 160)) if chr(number) not in "\n\t"}


def shown(value: object) -> object:
    """Return a field as a message shows it: not endless, and without what commands a terminal."""
    if isinstance(value, str):
        text = value if len(value) <= SHOWN else f"{value[:SHOWN]}..."
        return text.translate(_UNSEEN)
    if isinstance(value, int) and abs(value) > 10**SHOWN:
        return f"10^{SHOWN}"
    return value


@dataclass(frozen=True)
class Message:
    """A keyed text with its fields, not yet in any language.

    Attributes
    ----------
    key
        Full catalogue key, for example ``"errors.file_missing"``.
    fields
        Values for the placeholders of the text.
    """

    key: str
    fields: Mapping[str, object] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """Return the text in ``language`` (``"en"`` or ``"zh"``)."""
        return catalogue_text(self.key, language, **{name: shown(value) for name, value in self.fields.items()})


class WalkshedError(Exception):
    """Base of every error that Walkshed raises on purpose.

    Parameters
    ----------
    key
        Key below ``errors.`` in the catalogue.
    problems
        Single findings, listed below the headline.
    **fields
        Values for the placeholders of the text.
    """

    def __init__(self, key: str, *, problems: Sequence[Message] = (), **fields: object) -> None:
        self.message = Message(f"errors.{key}", fields)
        self.problems = tuple(problems)
        super().__init__(self.text())

    def text(self, language: str = "en") -> str:
        """Return headline and problems in ``language`` (``"en"`` or ``"zh"``)."""
        lines = [self.message.text(language)]
        lines += [f"  - {problem.text(language)}" for problem in self.problems]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by key and fields, so that errors survive a trip between processes."""
        key = self.message.key.removeprefix("errors.")
        return _rebuild, (type(self), key, self.problems, dict(self.message.fields))


def _rebuild(
    kind: type[WalkshedError], key: str, problems: tuple[Message, ...], fields: dict[str, object]
) -> WalkshedError:
    return kind(key, problems=problems, **fields)


class InputError(WalkshedError, ValueError):
    """The user's files or settings are not usable."""


class ContractError(InputError):
    """A table or a configuration breaks its contract; ``problems`` holds every finding."""


class CrsError(InputError):
    """A coordinate system is missing, unknown, or contradicts the coordinates."""


class NetworkError(WalkshedError):
    """The walking network cannot be built or used."""


class SnapError(NetworkError):
    """Points cannot be tied to the network."""


class SitingError(WalkshedError):
    """A siting problem cannot be posed or solved."""


class InfeasibleError(SitingError):
    """The demands contradict each other or the data."""


class SolverError(SitingError):
    """The solver failed."""


class FetchError(WalkshedError, OSError):
    """Something had to come from the internet and did not."""


class CancelledError(WalkshedError):
    """The user stopped a long step."""
