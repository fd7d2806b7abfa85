"""What a map is sent: what stays the same once, by address; what follows the choices at every click, deflated.

Whatever lies at an address can be fetched without a login by whoever knows it. Addresses cannot be guessed, but of a
private study only shapes lie there, never names or figures (see :func:`as_sent`).
"""

from __future__ import annotations

import hashlib
import json
import weakref
import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import streamlit as st
from branca.element import MacroElement
from folium.template import Template

from walkshed.app.published import Address, publish, sweep
from walkshed.reporting.encode import encode_classes
from walkshed.reporting.leaflet import CompactLayer, MarkerLayer
from walkshed.reporting.panels import Call
from walkshed.reporting.scripts import script_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

HASH_CHARACTERS: Final = 16
PACKING: Final = 9


def packed(value: object) -> str:
    """Return a value as JSON, deflated, in base64: what ``walkshed.unpack`` reads."""
    return b64encode(zlib.compress(json.dumps(value, ensure_ascii=False).encode(), PACKING)).decode()


@st.cache_resource(show_spinner=False)
def _known() -> dict[tuple[int, tuple[object, ...]], tuple[weakref.ref[Any], Any]]:
    """Return what was made so far, by what it was made of."""
    return {}


def drawn_once(thing: object, key: tuple[object, ...], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - any value
    """Return what is drawn of a thing and no click changes, made once as long as the thing is in use.

    Parameters
    ----------
    thing
        A result, a table: whatever Python can refer to weakly.
    key
        What of it, in which language.
    make
        Makes it; must not keep ``thing`` itself.
    """
    known = _known()
    entry = known.get((id(thing), key))
    if entry is not None and entry[0]() is thing:
        return entry[1]
    for old in [old for old, (alive, _) in list(known.items()) if alive() is None]:
        known.pop(old, None)
    sweep()
    made = make()
    known[id(thing), key] = (weakref.ref(thing), made)
    return made


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A layer as it is sent: its id, its options, and where its shapes are, or the shapes themselves, deflated.

    Labels and signs (``markers``) have no shapes.
    """

    layer_id: str
    options: str
    url: str = ""
    shapes: str = ""
    markers: bool = False


def as_sent(layers: Iterable[CompactLayer | MarkerLayer], *, public: bool) -> tuple[Sent, ...]:
    """Return layers ready to be sent.

    Parameters
    ----------
    layers
        Compact layers and markers.
    public
        Whether names and figures may lie at an address; else a layer that tells any travels with every click.
    """
    sent = []
    for layer in layers:
        options = layer.options
        name = str(json.loads(options)["id"])
        if not isinstance(layer, CompactLayer):
            sent.append(Sent(layer_id=name, options=options, markers=True))
            continue
        payload: dict[str, object] = json.loads(layer.source)
        shapes = packed(payload)
        if public or not {"names", "columns"} & set(payload):
            sent.append(Sent(layer_id=name, options=options, url=publish(name, shapes.encode())))
        else:
            sent.append(Sent(layer_id=name, options=options, shapes=shapes))
    return tuple(sent)


def stay(layers: Iterable[Sent]) -> Call:
    """Return what lets exactly these layers stand on the map: those that stand there already are left alone."""
    wanted = []
    for layer in layers:
        inside = {"url": layer.url} if layer.url else {"shapes": layer.shapes} if layer.shapes else {}
        given = {"options": json.loads(layer.options), "markers": layer.markers, **inside}
        key = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:HASH_CHARACTERS]
        wanted.append({"key": key, **given})
    return OnTheMap("walkshed.stay", wanted)


class OnTheMap(Call):
    """A call on the map from inside what a click changes: ``function(map, options)``."""

    _template = Template(
        "{% macro script(this, kwargs) %} {{ this.function }}(map_div, {{ this.options }}); {% endmacro %}"
    )


class Follow(MacroElement):
    """Colours of the homes and facts about them: ``static/session.js``, ``walkshed.follow``.

    Most of what a click sends: a character for every home and fact that the choices change. The facts of ``same`` are
    fetched once.
    """

    _template = Template(
        "{% macro script(this, kwargs) %} "
        "walkshed.follow({{ this.layer_id }}, '{{ this.packed }}', {{ this.same }}); {% endmacro %}"
    )

    def __init__(
        self,
        layer_id: str,
        classes: NDArray[np.integer],
        columns: Sequence[Mapping[str, object]],
        *,
        same: Sequence[str] = (),
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotations
        self._name = "Follow"
        self.layer_id = script_json(layer_id)
        self.packed = packed({"codes": encode_classes(classes), "columns": [dict(column) for column in columns]})
        self.same = script_json(list(same))


class Say(MacroElement):
    """A call of one of the map's own functions."""

    _template = Template("{% macro script(this, kwargs) %} {{ this.function }}({{ this.arguments }}); {% endmacro %}")

    def __init__(self, function: str, *arguments: object) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca has no annotations
        self._name = "Say"
        self.function = function
        self.arguments = ", ".join(script_json(argument) for argument in arguments)


def publish_facts(columns: Sequence[Mapping[str, object]]) -> Address:
    """Return the address of facts about the homes that few choices change."""
    return publish("facts", packed([dict(column) for column in columns]).encode())
