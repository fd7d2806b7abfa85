"""The commands, put together."""

from __future__ import annotations

import typer

from walkshed.commands.batch import batch
from walkshed.commands.plan import site
from walkshed.commands.report import report, verify
from walkshed.commands.study import check, compare, init, open_app, run, sample, show_version

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None,
    help="Plan public reading rooms so that every resident has one within a 15-minute walk.",
)  # fmt: skip
for command in (run, site, batch, report, verify, check, compare, init, sample):
    app.command()(command)
app.command(name="app")(open_app)
app.command(name="version")(show_version)
