"""Where the data is from, and what the program consists of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from walkshed.app import parts, provenance, state
from walkshed.app.texts import language, safe, say, term
from walkshed.reporting.keyfigures import approval_line, source_line
from walkshed.reporting.wording import DASH, count, shortened
from walkshed.study.variants import input_digest

if TYPE_CHECKING:
    from walkshed.parameters import StudyConfig
    from walkshed.results import StudyResult

SHOWN_HASH: Final = 16
CREDITED: Final = ("osm", "leaflet", "font", "walkshed")


def show(config: StudyConfig, result: StudyResult) -> None:
    """Draw the sources of a study's data."""
    parts.subheading(say("sources"), source_line(result, language()))
    st.html(f'<p class="ws-small">{safe(approval_line(result, language()))}</p>')
    head = [say(f"column_{name}") for name in ("layer", "source", "count", "rejected", "checksum")]
    rows = [
        (
            term("layer", record.layer),
            shortened(record.source, 80),
            count(float(record.count)),
            count(float(record.rejected)),
            record.sha256[:SHOWN_HASH] or DASH,
        )
        for record in result.inputs.records
    ]
    parts.table(head, rows, numbers=(2, 3))
    told = provenance.sources_text(config)
    if told:
        parts.subheading(say("sources_file"), say("sources_file_help"))
        st.code(told, language=None, wrap_lines=True)
    parts.subheading(say("licences"))
    parts.table(
        [say("column_part"), say("column_licence")],
        [(say(f"licence_{part}_name"), say(f"licence_{part}")) for part in CREDITED],
        kind="defs",
    )


def show_program(config: StudyConfig) -> None:
    """Draw packages with their licences, versions, digests and documents."""
    parts.subheading(say("digests"), say("digests_help"))
    variant = state.settled(config)
    parts.facts(
        [
            (say("digest_settings"), config.digest()),
            (say("digest_choices"), variant.digest()),
            (say("digest_inputs"), input_digest(config)),
        ]
    )
    parts.subheading(say("versions"), say("versions_help"))
    head = [say(f"column_{name}") for name in ("package", "version", "licence", "summary")]
    rows = [
        (
            part.name,
            part.version or say("version_unknown"),
            part.licence or say("licence_untold"),
            shortened(part.summary, 90),
        )
        for part in provenance.packages()
    ]
    parts.table(head, rows)
    parts.subheading(say("documents"), say("documents_help"))
    found = provenance.documents()
    if not found:
        st.html(f'<p class="ws-small">{safe(say("documents_none"))}</p>')
        return
    for name, path in found.items():
        left, right = st.columns([1, 2.6], vertical_alignment="center")
        with left:
            st.download_button(
                name,
                path.read_bytes,
                file_name=name,
                mime="text/markdown",
                icon=":material/article:",
                on_click="ignore",
                key=f"document_{name}",
                width="stretch",
            )
        with right:
            key = name.removesuffix(".md").replace("-", "_").replace(".", "_").lower()
            st.html(f'<p class="ws-small">{safe(say(f"document_{key}"))}</p>')
