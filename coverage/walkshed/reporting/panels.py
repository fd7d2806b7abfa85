"""What stands around a map: key figures, legend with layer switch, and the view that fits between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from branca.element import MacroElement
from folium.template import Template

from walkshed.reporting.scripts import script_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from branca.element import Element


class Call(MacroElement):
    """One call of ``assets/map.js`` on the map: ``function(map, options)``."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        {{ this.function }}({{ this._parent.get_name() }}, {{ this.options }});
        {% endmacro %}
        """
    )

    def __init__(self, function: str, options: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotation here
        self._name = "Call"
        self.function = function
        self.options = script_json(options)


class Panel(Call):
    """Title and key figures in a corner of the map.

    Parameters
    ----------
    heading
        First line.
    subtitle, footer
        Small lines at the top and the bottom.
    figures
        ``value``, ``label``, ``detail``, ``color`` each.
    notes
        Sentences behind ``notes_title``.
    position
        Corner.
    """

    def __init__(
        self,
        heading: str,
        *,
        figures: Sequence[Mapping[str, str]],
        subtitle: str = "",
        notes_title: str = "",
        notes: Sequence[str] = (),
        footer: str = "",
        position: str = "topleft",
    ) -> None:
        options = {
            "position": position, "title": heading, "subtitle": subtitle, "footer": footer, "notes_title": notes_title,
            "figures": [dict(figure) for figure in figures], "notes": list(notes),
        }  # fmt: skip
        super().__init__("walkshed.panel", options)


class Legend(MacroElement):
    """Legend and layer switch in one.

    Parameters
    ----------
    heading
        First line.
    groups
        ``text``, ``layer`` (a layer of the same map, or ``None`` for a group that cannot be switched) and ``rows``,
        each a ``key`` (SVG from :mod:`walkshed.reporting.signs`) and its ``text``.
    position
        Corner.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        walkshed.legend({{ this._parent.get_name() }}, {{ this.options }}, [{{ this.layer_names() }}]);
        {% endmacro %}
        """
    )

    def __init__(self, heading: str, groups: Sequence[Mapping[str, Any]], *, position: str = "topright") -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotation here
        self._name = "Legend"
        self.layers = [group.get("layer") for group in groups]
        written = [{"text": group["text"], "rows": list(group["rows"])} for group in groups]
        self.options = script_json({"position": position, "title": heading, "groups": written})

    def layer_names(self) -> str:
        """Return the layers' names in the page's script."""
        return ", ".join("null" if layer is None else layer.get_name() for layer in self.layers)


class Search(Call):
    """A box to find something by its name.

    Parameters
    ----------
    entries
        ``name``, ``kind`` (what it is, in words) and ``bounds`` (west, south, east, north in degrees).
    label
        What the empty box says.
    none
        What is said where nothing fits.
    position
        Corner.
    """

    def __init__(
        self, entries: Iterable[Mapping[str, Any]], *, label: str, none: str, position: str = "topright"
    ) -> None:
        told = []
        for entry in entries:
            west, south, east, north = (round(float(value), 6) for value in entry["bounds"])
            told.append({"name": entry["name"], "kind": entry["kind"], "bounds": [[south, west], [north, east]]})
        super().__init__("walkshed.search", {"position": position, "label": label, "none": none, "entries": told})


class FitArea(Call):
    """Show an area as large as possible between the panels.

    Parameters
    ----------
    bounds
        West, south, east, north in degrees.
    reserve
        To be added before layers and panels, which is faster: leaves room for a panel on the left and a legend on the
        right. By default to be added after the panels, whose widths are measured.
    """

    def __init__(self, bounds: Sequence[float], *, reserve: bool = False) -> None:
        west, south, east, north = (float(value) for value in bounds)
        super().__init__("walkshed.fit", {"bounds": [[south, west], [north, east]], "reserve": reserve})


def steady_ids(top: Element) -> None:
    """Give all elements of a map ids in their order, so that equal maps are equal pages."""
    waiting = [top]
    number = 0
    while waiting:
        element = waiting.pop()
        element._id = f"w{number}"  # noqa: SLF001 - branca draws random ids and has no other way to set them
        number += 1
        waiting.extend(reversed(list(element._children.values())))  # noqa: SLF001 - as above
