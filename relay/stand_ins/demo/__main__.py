"""`make run-cascade`: the demonstration's services, and a relay with the page before them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from datetime import datetime

from relay.stand_ins.demo.ear import GrammarEar
from relay.stand_ins.demo.grammar import ANSWERS, answer
from relay.stand_ins.demo.voice import say
from relay.stand_ins.services import Script, serve_services

MODEL = "demo"

WELCOME = """\
Speak to the page. What hears you is pocketsphinx with a grammar of {count} sentences, what answers is a script, and
what speaks is flite: none of it is a model, and no word of it leaves this machine. You can say:

  {sentences}
"""


def demo_script() -> Script:
    """What the demonstration's services do.

    Raises:
        ImportError: the extras are not installed.
    """
    ear = GrammarEar()
    return Script(
        hears=ear.hear,
        thinks=lambda messages: answer(messages, datetime.now().astimezone()),
        speaks=say,
    )


def settings_for(url: str) -> dict[str, str]:
    """The variables that have a relay use services at this address."""
    service = {"url": url, "model": MODEL}
    return {
        "RELAY_UPSTREAM": "cascade",
        "RELAY_CASCADE": json.dumps({"hear": service, "think": service, "speak": service}),
        "RELAY_PRICES": json.dumps({MODEL: {"text_input": 0}}),
    }


async def run(arguments: Sequence[str]) -> int:
    """Serve until the relay ends, which gets these arguments; returns its exit code."""
    async with serve_services(demo_script()) as services:
        sentences = "\n  ".join(ANSWERS)
        sys.stderr.write(WELCOME.format(count=len(ANSWERS), sentences=sentences))
        environment = {**os.environ, **settings_for(services.url)}
        command = [sys.executable, "-m", "relay", "serve", *arguments]
        relay = await asyncio.create_subprocess_exec(*command, env=environment)
        loop = asyncio.get_running_loop()
        for each in (signal.SIGINT, signal.SIGTERM):  # the relay has an end of its own; this one follows it
            loop.add_signal_handler(each, _pass_on, relay, each)
        return await relay.wait()


def _pass_on(relay: asyncio.subprocess.Process, given: signal.Signals) -> None:
    """At a terminal Ctrl-C reaches the relay by itself."""
    if not (given is signal.SIGINT and sys.stdin.isatty()) and relay.returncode is None:
        relay.send_signal(given)


def main() -> None:
    """Run it, with the arguments of `relay serve`."""
    sys.exit(asyncio.run(run(sys.argv[1:])))


if __name__ == "__main__":
    main()
