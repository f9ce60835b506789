"""`relay token`, as a person uses it."""

import pytest
from click.testing import CliRunner

from relay.admission.tickets import TicketSigner
from relay.admission.tokens import Tokens, token_digest
from relay.cli import main
from relay.config.token_options import TokenOption

SECRET = "the secret of the tickets, long enough"


def run(*arguments: str, stdin: str = "", **environment: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["token", *arguments], input=stdin, env=environment)
    return result.exit_code, result.stdout, result.stderr


def test_a_new_token() -> None:
    """`relay token` prints a new token alone, and beside it the hash that the settings take for it."""
    code, out, told = run()
    made = out.strip()
    assert (code, len(made)) == (0, 46)
    assert run()[1] != out
    assert made not in told
    written = f"sha256:{token_digest(made)}"
    assert written in told
    assert Tokens([TokenOption.model_validate({"token": written})]).identify(made) is not None


def test_the_hash_of_a_token() -> None:
    """`relay token hash` reads a token from standard input, so that it stands in no shell's history."""
    assert run("hash", stdin="rt_annas-token-0123456789\n")[:2] == (
        0,
        f"sha256:{token_digest('rt_annas-token-0123456789')}\n",
    )
    assert run("hash", stdin="\n")[0] == 2


def test_a_ticket_from_the_command_line() -> None:
    """`relay token ticket` writes a ticket with what it is told, signed with the relay's own secret."""
    options = ("--subject", "anna", "--origin", "https://museum.example", "--cost-usd", "0.5", "--seconds", "60")
    code, out, _ = run("ticket", *options, RELAY_TICKET_SECRET=SECRET)
    ticket = TicketSigner(SECRET.encode()).read(out.strip(), 0)
    assert code == 0
    assert (ticket.profile, ticket.subject, ticket.origin) == ("default", "anna", "https://museum.example")
    assert ticket.limits == {"cost_usd": 0.5}


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        ((), {}, "no ticket_secret"),
        ((), {"RELAY_TICKET_SECRET": "short"}, "ticket_secret"),
        (("--profile", "gone"), {"RELAY_TICKET_SECRET": SECRET}, "no profile gone"),
    ],
)
def test_a_ticket_that_cannot_be_written(arguments, environment, words) -> None:
    """What a ticket lacks is told in words."""
    code, _, told = run("ticket", *arguments, **environment)
    assert code == 2
    assert words in told
    assert environment.get("RELAY_TICKET_SECRET", "-----") not in told
