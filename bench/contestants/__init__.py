"""The contestants. One more is one more line."""

import shutil
from collections.abc import Sequence
from functools import partial

from bench.contestants.ours import relay
from bench.contestants.site import Contestant
from bench.contestants.tunnels import caddy, haproxy, nginx
from bench.contestants.tutorials import node, starlette

BARE = "bare"
NGINX = "nginx"
RELAY = "relay"
BETA = "beta"
IN_BYTES = "in-bytes"
RECORDING = "recording"
SURVIVING = "surviving"
RESUMABLE = "resumable"

CONTESTANTS = (
    Contestant(BARE, "bare connection"),
    Contestant(NGINX, "nginx tunnel", "nginx", nginx),
    Contestant("haproxy", "HAProxy tunnel", "haproxy", haproxy),
    Contestant("caddy", "Caddy proxy", "caddy", caddy),
    Contestant("node", "Node `ws` relay", "node", node),
    Contestant("starlette", "Starlette + `websockets` relay", None, starlette),
    Contestant("portable", "Realtime Relay, portable carrier", None, partial(relay, carrier="portable"), injects=True),
    Contestant(RELAY, "Realtime Relay", None, partial(relay, carrier="fast"), injects=True),
    Contestant(
        "locks",
        "Realtime Relay, instructions and tools locked",
        None,
        partial(relay, carrier="fast", locks=True),
        injects=True,
    ),
    Contestant(
        "python",
        "Realtime Relay, without the compiled lane",
        None,
        partial(relay, carrier="python"),
        injects=True,
        by_name_only=True,
    ),
    Contestant(
        RECORDING,
        "Realtime Relay, recording",
        None,
        partial(relay, carrier="fast", records=True),
        injects=True,
        by_name_only=True,
    ),
    Contestant(
        SURVIVING,
        "Realtime Relay, sessions that outlive their upstream",
        None,
        partial(relay, carrier="fast", survives=True),
        injects=True,
        by_name_only=True,
    ),
    Contestant(
        RESUMABLE,
        "Realtime Relay, peers that may come back",
        None,
        partial(relay, carrier="fast"),
        injects=True,
        query="?resume=1",
        by_name_only=True,
    ),
    Contestant(
        BETA,
        "Realtime Relay, peers of the beta",
        None,
        partial(relay, carrier="fast", dialect="beta"),
        injects=True,
        beta=True,
        by_name_only=True,
    ),
    Contestant(
        IN_BYTES,
        "Realtime Relay, audio in bytes",
        None,
        partial(relay, carrier="fast"),
        injects=True,
        in_bytes=True,
        by_name_only=True,
    ),
)


def present(keys: Sequence[str] | None) -> tuple[list[Contestant], list[Contestant]]:
    """The contestants of those names, or with None all that need not be named.

    Returns:
        Those that can run here, and those whose program is missing.
    """
    asked = [each for each in CONTESTANTS if (not each.by_name_only if keys is None else each.key in keys)]
    able = [each for each in asked if each.program is None or shutil.which(each.program)]
    return able, [each for each in asked if each not in able]
