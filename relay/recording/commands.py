"""`relay inspect`: what is in a recording."""

import shutil
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NoReturn

import click
import orjson

from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.recording import Cut, RecordingError, read_recording
from relay.recording.inspection import inspect_recording
from relay.recording.inspection.page import write_page
from relay.recording.inspection.terminal import as_text
from relay.recording.inspection.wav import write_wav

BESIDE = Path()
"""Stands for the recording's own path, with another suffix."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option(
    "--wav",
    type=click.Path(path_type=Path),
    is_flag=False,
    flag_value=".",
    help="Write both voices, the peer on the left.",
)
@click.option(
    "--html", type=click.Path(path_type=Path), is_flag=False, flag_value=".", help="Write a page that shows all of it."
)
@click.option("--config", type=click.Path(path_type=Path), help="A TOML file whose prices count.")
def inspect(file: Path, as_json: bool, wav: Path | None, html: Path | None, config: Path | None) -> None:
    """Say what is in a recording: turns, waits, cost, errors and end.

    What is written goes beside the recording unless it is told where (--wav=PATH). The exit code is 1 where the file
    breaks off, and 2 where it cannot be read.
    """

    try:
        recording = read_recording(file)
        summary = inspect_recording(recording, load_settings(config).price_table)
        if wav is not None:
            path = _write(partial(write_wav, recording, summary), wav, file, ".wav")
            click.echo(f"{path}: {summary.duration_s:.1f} s, the peer left, the upstream right", err=True)
        if html is not None:
            path = _write(partial(write_page, recording, summary), html, file, ".html")
            click.echo(f"{path}: open it in a browser", err=True)
    except (RecordingError, SettingsError) as failure:
        _give_up(failure)
    if as_json:
        click.echo(orjson.dumps(summary.body(), option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo(as_text(summary, min(shutil.get_terminal_size().columns, 120)))
    if isinstance(summary.end, Cut):
        click.echo(f"relay: {file}, line {summary.end.line}: the file breaks off here", err=True)
        sys.exit(1)


def _write(write: Callable[[Path], object], named: Path, recording: Path, suffix: str) -> Path:
    """Write something to where it was wished, never onto a recording; returns where that is."""
    path = recording.with_suffix(suffix) if named == BESIDE else named
    if path.suffix == ".jsonl" or path == recording:
        _give_up(f"{path} may be a recording, and is not written over")
    try:
        write(path)
    except OSError as failure:
        _give_up(f"{path}: cannot be written: {failure.strerror}")
    return path


def _give_up(why: object) -> NoReturn:
    click.echo(f"relay: {why}", err=True)
    sys.exit(2)
