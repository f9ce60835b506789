"""`relay history`: what is kept of conversations, for whoever has to look after it or to delete it."""

import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import time
from typing import Any, NoReturn

import click
import orjson

from relay.config.errors import SettingsError
from relay.config.history_options import HistoryOptions
from relay.config.loading import load_settings
from relay.history.history import open_file
from relay.history.rows import Key
from relay.history.sqlite import SqliteFile

ALL = 1_000_000


@click.group()
def history() -> None:
    """List, export and delete conversations that are kept.

    The store is the one that the settings name ([history] in the TOML file, or RELAY_HISTORY__STORE). A relay may be
    running at it. What is deleted is overwritten in the file.
    """


def config(command: Callable[..., Any]) -> Callable[..., Any]:
    """The option that every command has."""
    option = click.option("--config", type=click.Path(path_type=Path), help="A TOML file with settings.")
    return option(command)


@history.command("list")
@click.option("--subject", help="Of this subject alone.")
@config
def list_conversations(config: Path | None, subject: str | None) -> None:
    """List conversations, the latest first: subject, id, items, when it began and when it was last spoken in."""
    with _opened(config) as (file, since):
        for summary in file.summaries(since, None if subject is None else Key.of(subject, "").subject):
            times = (_iso(summary.created_at), _iso(summary.said_at))
            click.echo("\t".join([summary.key.subject or "-", summary.key.id, str(summary.items), *times]))


@history.command()
@click.argument("subject")
@click.argument("conversation", required=False)
@config
def export(config: Path | None, subject: str, conversation: str | None) -> None:
    """Print all that SUBJECT said and was told, or one CONVERSATION of it, as JSON: one line for each item.

    A SUBJECT of "-" is nobody: the peers of a relay that asks nobody who he is.
    """
    with _opened(config) as (file, since):
        keys = [each.key for each in file.summaries(since, _key(subject).subject)]
        for key in keys:
            if conversation in {None, key.id}:
                for row in file.page(key, since, ALL, after=None, newest_first=False):
                    line = {"conversation": key.id, "said_at": _iso(row.said_at), **row.body()}
                    click.echo(orjson.dumps(line).decode())


@history.command()
@click.argument("subject")
@click.argument("conversation")
@config
def delete(config: Path | None, subject: str, conversation: str) -> None:
    """Delete one CONVERSATION of SUBJECT. The exit code is 1 where there is none."""
    with _opened(config) as (file, _):
        if not file.delete(_key(subject, conversation)):
            click.echo("relay: there is no such conversation", err=True)
            sys.exit(1)
        _clean(file)


@history.command()
@click.argument("subject")
@config
def forget(config: Path | None, subject: str) -> None:
    """Delete all that SUBJECT said and was told."""
    with _opened(config) as (file, _):
        count = file.forget(_key(subject).subject)
        _clean(file)
        click.echo(f"{count} deleted")


def _key(subject: str, conversation: str = "") -> Key:
    return Key.of("" if subject == "-" else subject, conversation)


@contextmanager
def _opened(config: Path | None) -> Iterator[tuple[SqliteFile, float]]:
    """The store's file, and since when what is in it counts."""
    try:
        options = load_settings(config).history
        file = open_file(options or _give_up("history.store: the settings name none"))
    except SettingsError as failure:
        _give_up(failure)
    try:
        yield file, time() - _keep_s(options)
    except sqlite3.Error as failure:
        _give_up(f"the store cannot be used: {failure}")
    finally:
        file.close()


def _keep_s(options: HistoryOptions | None) -> float:
    return 0.0 if options is None else options.keep_days * 86_400


def _clean(file: SqliteFile) -> None:
    if not file.clean():
        _give_up("deleted, but somebody reads the store just now, so that its log still has the words: try again")


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _give_up(why: object) -> NoReturn:
    click.echo(f"relay: {why}", err=True)
    sys.exit(2)
