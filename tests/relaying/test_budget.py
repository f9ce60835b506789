"""Money, end to end: a mock that bills, and what the relay makes of it."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import CliRunner
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from relay.cli import main
from relay.config.limits import read_limits, read_prices
from relay.config.loading import load_settings, unknown_variables
from relay.core.limits import DEFAULT_LIMITS, Limits
from relay.core.usage import read_usage
from relay.stand_ins.mock import serve_mock
from tests.fakes.running import running

CONTENT = [{"type": "input_text", "text": "Hi"}]
ASK = json.dumps(
    {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": CONTENT},
    }
)
ANSWER = '{"type":"response.create"}'
DEAR = {"gpt-realtime-2.1": {"audio_output": 640, "text_input": 40}}


async def talk_to_the_end(peer: ClientConnection) -> AsyncIterator[dict[str, Any]]:
    """Ask again when an answer has been paid for; yields all events until the session ends."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await peer.send(ASK)
            await peer.send(ANSWER)
            event = {"type": ""}
            while event["type"] != "relay.cost":
                event = json.loads(await peer.recv())
                yield event


async def test_a_budget_is_kept_to_the_cent() -> None:
    """With a budget of $0.10 the session ends after the response that spent it, and the sum is that of the usages."""
    price = read_prices(DEAR).of("gpt-realtime-2.1")
    spent, told = Decimal(0), []
    async with (
        serve_mock() as mock,
        running(mock.url, limits={"cost_usd": 0.10}, prices=DEAR) as relay,
        relay.peer("?relay_events=1&model=gpt-realtime-2.1") as peer,
    ):
        with structlog.testing.capture_logs() as logs:
            async for event in talk_to_the_end(peer):
                if event["type"] == "response.done":
                    assert spent < Decimal("0.10")
                    spent += price.of(read_usage(event["response"]["usage"]))
                elif event["type"] == "relay.cost":
                    told.append(Decimal(event["spent_usd"]))
            await relay.sessions.empty()
        assert (peer.close_code, peer.close_reason) == (4000, "budget_spent")
        counted = relay.metrics.registry.get_sample_value("relay_cost_usd_total", {"model": "gpt-realtime-2.1"})
    assert told[-1] == spent >= Decimal("0.10") > told[-2]
    assert counted == float(spent)
    (closed,) = [line for line in logs if line["event"] == "session.closed"]
    assert (closed["cause"], Decimal(closed["cost_usd"])) == ("budget_spent", round(spent, 6))
    assert [line["event"] for line in logs].count("budget.warned") == 1


def test_shipped_prices_can_be_replaced_and_added_to() -> None:
    """The operator's prices stand beside the shipped ones, and before them."""
    prices = read_prices({"gpt-realtime": {"text_input": 1}, "mine": {"minute": 0.5}})
    assert prices.of("gpt-realtime").audio_output == 0
    assert prices.of("mine").minute == Decimal("0.5")
    assert prices.of("gpt-realtime-2.1-mini").text_cached == Decimal("0.06")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("[limits]\ncost = 1", "limits.cost: there is no such field; did you mean cost_usd?"),
        ('[limits]\nidle_minutes = "long"', "limits.idle_minutes: must be a number"),
        ("[limits]\nsession_minutes = -1", "limits.session_minutes: must be a number"),
        ("[profiles.a]\nlimits = 5", "profiles.a.limits: must be a table"),
        ("[prices.mine]\ntext_inputs = 5", "prices.mine.text_inputs: there is no such field; did you mean text_input?"),
        ("[prices.mine]\nminute = nan", "prices.mine.minute: must be a number"),
    ],
)
def test_wrong_limits_are_told_by_name(tmp_path: Path, table, words) -> None:
    """A misspelt limit or a price that is no number stops the start, with its name."""
    config = tmp_path / "relay.toml"
    config.write_text(f'upstream = "mock"\n{table}\n')
    result = CliRunner().invoke(main, ["serve", "--config", str(config)])
    assert result.exit_code == 2
    assert words in result.output


def test_a_profile_says_what_differs(monkeypatch) -> None:
    """A profile's limits complete the common ones, which may come from the environment, and those the defaults."""
    monkeypatch.setenv("RELAY_LIMITS__IDLE_MINUTES", "7")
    settings = load_settings(upstream="mock", profiles={"a": {"limits": {"cost_usd": 0.5}}})
    profile = settings.profile("a")
    assert profile is not None
    assert (profile.limits.idle_minutes, profile.limits.cost_usd) == (7, Decimal("0.5"))
    assert profile.limits.session_minutes == DEFAULT_LIMITS.session_minutes
    assert unknown_variables({"RELAY_LIMITS__IDLE_MINUTES": "7"}) == []


def test_the_limits_that_are_documented() -> None:
    """The table in the manual has each limit and its default."""
    rows = [line.split("|") for line in Path("docs/limits.md").read_text().splitlines() if line.startswith("| `")]
    documented = {row[1].strip(" `"): row[2].strip() for row in rows if not row[1].strip(" `").startswith("relay.")}
    assert read_limits(documented, "docs", DEFAULT_LIMITS) == DEFAULT_LIMITS
    assert set(documented) == {field.name for field in fields(Limits)}
