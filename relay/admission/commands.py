"""`relay token`: makes the credentials that peers bring."""

import secrets
import sys
from pathlib import Path
from time import time
from typing import NoReturn

import click

from relay.admission.tickets import LIFETIME_S, Ticket, TicketSigner
from relay.admission.tokens import token_digest
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.config.profiles import DEFAULT_NAME


@click.group(invoke_without_command=True)
@click.pass_context
def token(context: click.Context) -> None:
    """Make a token for the settings, show a token's hash, or write a ticket.

    Without a command, a new token is printed, and what can stand in the settings for it.
    """
    if context.invoked_subcommand is None:
        made = f"rt_{secrets.token_urlsafe(32)}"
        click.echo(made)
        click.echo(
            f"\nGive it to whoever may come in. In the relay's settings its hash is enough:\n\n"
            f'  [[tokens]]\n  token = "sha256:{token_digest(made)}"\n  subject = "who it is for"\n\n'
            f"or RELAY_TOKENS=sha256:{token_digest(made)}",
            err=True,
        )


@token.command("hash")
def hash_() -> None:
    """Read a token from standard input and print what can stand in the settings for it."""
    written = click.prompt("Token", hide_input=True, err=True) if sys.stdin.isatty() else sys.stdin.read()
    if not written.strip():
        raise click.UsageError("there is no token on standard input")
    click.echo(f"sha256:{token_digest(written.strip())}")


@token.command()
@click.option("--config", type=click.Path(path_type=Path), help="The relay's TOML file, for its ticket_secret.")
@click.option("--profile", default=DEFAULT_NAME, show_default=True, help="The profile that its sessions get.")
@click.option("--subject", help="Whose sessions they are.")
@click.option("--origin", help="The only page origin that may use it.")
@click.option(
    "--seconds", type=click.IntRange(1), default=LIFETIME_S, show_default=True, help="How long it opens them."
)
@click.option("--session-minutes", type=click.FloatRange(0, min_open=True), help="How long each of them may last.")
@click.option("--cost-usd", type=click.FloatRange(0, min_open=True), help="What each of them may cost.")
def ticket(
    config: Path | None, profile: str, subject: str | None, origin: str | None, seconds: int, **limits: float | None
) -> None:
    """Write a ticket without asking the relay, with the ticket_secret that it has."""
    try:
        settings = load_settings(config)
    except SettingsError as failure:
        _give_up(str(failure))
    if settings.ticket_secret is None:
        _give_up("there is no ticket_secret; set RELAY_TICKET_SECRET here and for the relay")
    if settings.profile(profile) is None:
        _give_up(f"there is no profile {profile} in the settings")
    given = {name: figure for name, figure in limits.items() if figure is not None}
    signer = TicketSigner(settings.ticket_secret.get_secret_value().encode())
    click.echo(signer.write(Ticket(int(time()) + seconds, profile, subject, origin, given, {})))


def _give_up(why: str) -> NoReturn:
    click.echo(f"relay: {why}", err=True)
    sys.exit(2)
