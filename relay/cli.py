"""The command line: `relay serve`, and the commands that stand beside what they run."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

import click

from relay.version import __version__

COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType({
    "check": (
        "relay.checking.commands",
        "Check whether a relay or Realtime endpoint at URL does what clients rely on.",
    ),
    "history": ("relay.history.commands", "List, export and delete conversations that are kept."),
    "inspect": ("relay.recording.commands", "Say what is in a recording: turns, waits, cost, errors and end."),
    "mock": (
        "relay.stand_ins.commands",
        "Run the mock upstream alone: a stand-in for the Realtime API that costs nothing.",
    ),
    "replay": ("relay.stand_ins.commands", "Run a stand-in for the Realtime API that says what was recorded."),
    "serve": ("relay.serve", "Run the relay."),
    "token": ("relay.admission.commands", "Make a token for the settings, show a token's hash, or write a ticket."),
})  # fmt: skip
"""Where each is, and what it does. It is loaded when it is asked for: `relay --help` has none of them."""


class Commands(click.Group):
    """The commands of `COMMANDS`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(COMMANDS[cmd_name][0]), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="relay")
def main() -> None:
    """A transparent WebSocket relay for the Realtime API."""
