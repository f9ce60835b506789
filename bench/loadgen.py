"""The load generator: opens sessions, talks, checks each byte that comes back, and prints what it saw as JSON.

Its sends do not wait for answers: each session's pace is fixed, so that a slow contestant shows as latency.
"""

import argparse
import dataclasses
import gc
import json

import uvloop

from bench.load import Crowd, come_and_go, sit_idle, talk_steadily
from bench.outcome import Outcome
from bench.sessions import Dialler
from bench.talk import add_arguments, talk_from
from bench.usage import Usage, read_usage
from bench.wire import Script


def main() -> None:
    arguments = _parser().parse_args()
    gc.disable()  # sessions make few cycles, and a pause would be measured as the contestant's latency
    outcome = uvloop.run(_run(arguments))
    print(json.dumps(dataclasses.asdict(outcome)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.loadgen", description=__doc__)
    parser.add_argument("load", choices=["steady", "idle", "churn"])
    parser.add_argument("--url", required=True)
    parser.add_argument("--trusted", help="a PEM file whose certificate a wss:// address may show")
    parser.add_argument("--watch", type=int, metavar="PID", help="measure what this process and its children use")
    parser.add_argument("--injected", action="store_true", help="expect one session.updated for each session")
    parser.add_argument("--beta", action="store_true", help="expect what comes down as the beta has it")
    parser.add_argument("--sessions", type=int, default=100, help="sessions at one time [100]")
    parser.add_argument("--interval-ms", type=float, default=40.0, help="from one append to the next [40]")
    parser.add_argument("--warm-up-s", type=float, default=1.0, help="talk before the measurement [1]")
    parser.add_argument("--window-s", type=float, default=4.0, help="what is measured [4]")
    add_arguments(parser)
    return parser


async def _run(arguments: argparse.Namespace) -> Outcome:
    crowd = Crowd(
        Dialler(arguments.url, arguments.trusted),
        Script(talk_from(arguments), beta=arguments.beta, at_peer=True),
        arguments.sessions,
        arguments.window_s,
        (lambda: read_usage(arguments.watch)) if arguments.watch else Usage,
        arguments.injected,
    )
    if arguments.load == "idle":
        return await sit_idle(crowd)
    if arguments.load == "churn":
        return await come_and_go(crowd)
    return await talk_steadily(crowd, interval_s=arguments.interval_ms / 1000, warm_up_s=arguments.warm_up_s)


if __name__ == "__main__":
    main()
