"""The app's frame: pages, sidebar, language, study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from walkshed.app import assets, controls, state, tidying
from walkshed.app.errors import box, explained, show_error
from walkshed.app.texts import LANGUAGE_KEY, in_markdown, language, safe, say
from walkshed.app.views import compare, coverage, data, export, methods, siting
from walkshed.errors import WalkshedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from walkshed.parameters import StudyConfig

VIEWS = {
    "data": (data.show, ":material/database:"),
    "coverage": (coverage.show, ":material/map:"),
    "siting": (siting.show, ":material/add_location_alt:"),
    "compare": (compare.show, ":material/compare_arrows:"),
    "export": (export.show, ":material/description:"),
    "methods": (methods.show, ":material/menu_book:"),
}
LANDING, START = "coverage", "start"
LANGUAGE_NAMES = {"zh": "中文", "en": "English"}
MAX_LISTED = 5


def main() -> None:
    """Draw the app; Streamlit calls this at every interaction."""
    tidying.begin()
    state.begin()
    st.set_page_config(page_title=say("title"), page_icon=assets.icon_png(), layout="wide")
    assets.serve_assets()
    assets.apply_style()
    st.logo(assets.icon_png(), size="large")
    pages = {
        name: st.Page(
            _page(view),
            title=say(f"page_{name}"),
            icon=icon,
            url_path=START if name == LANDING else name,
            default=name == LANDING,
        )
        for name, (view, icon) in VIEWS.items()
    }
    # The first page stands at the app's own address; who asks for it by its name is sent there.
    named = st.Page(
        lambda: st.switch_page(pages[LANDING]), title=pages[LANDING].title, url_path=LANDING, visibility="hidden"
    )
    page = st.navigation([*pages.values(), named])
    configs = _configs()
    _sidebar(configs)
    with explained():
        page.run()
    state.remember()


def _page(view: Callable[[StudyConfig], None]) -> Callable[[], None]:
    """Return what Streamlit runs for a page: the view on the chosen study."""

    def run() -> None:
        if not state.offered():
            box(say("no_study"), kind="warning")
            return
        view(state.read_config(st.session_state.study))

    return run


def _configs() -> dict[str, StudyConfig]:
    """Return the studies whose settings can be read; the others are told in the sidebar."""
    configs = {}
    for name in state.offered():
        try:
            configs[name] = state.read_config(name)
        except WalkshedError as error:
            with st.sidebar:
                show_error(error)
    return configs


def _sidebar(configs: dict[str, StudyConfig]) -> None:
    """Draw the choice of study and language."""
    with st.sidebar:
        if configs:
            _study_choice(configs)
        controls.choose(
            LANGUAGE_KEY, list(LANGUAGE_NAMES), label=say("language"), format_func=lambda name: LANGUAGE_NAMES[name]
        )
        config = configs.get(st.session_state.get("study", ""))
        if config is not None:
            date = config.study.data_date
            lines = [say("data_date", date=date)] if date else []
            lines.append(say("online_line" if uses_internet(config) else "offline_line"))
            st.html("".join(f'<p class="ws-meta">{safe(line)}</p>' for line in lines))


def _study_choice(configs: dict[str, StudyConfig]) -> None:
    """Draw the studies: a few as a list that shows their whole names, many as a box to choose from."""
    names = list(state.offered())
    st.session_state.study_select = st.session_state.study
    few = len(names) <= MAX_LISTED
    titles = {name: study_title(configs[name]) if name in configs else name for name in names}
    if state.OWN in titles:
        own = titles[state.OWN] if state.OWN in configs else ""
        titles[state.OWN] = say("own_title", title=own)
    if few:
        titles = {name: in_markdown(title) for name, title in titles.items()}
        st.radio(say("study"), names, format_func=titles.__getitem__, key="study_select", on_change=state.choose_study)
    else:
        st.selectbox(
            say("study"), names, format_func=titles.__getitem__, key="study_select", on_change=state.choose_study
        )


def uses_internet(config: StudyConfig) -> bool:
    """Say whether a study's inputs come from the internet, at least in part."""
    return config.network.source == "download" or config.boundary.source == "place" or config.units.source == "places"


def study_title(config: StudyConfig) -> str:
    """Return the study's title in the language of the session."""
    about = config.study
    return about.title_zh if language() == "zh" else about.title_en


if __name__ == "__main__":
    main()
