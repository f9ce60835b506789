"""The relay, as one would run it: sessions injected, metrics and metering on."""

import sys

from bench.contestants.site import Command, Site

_CONFIG = """
max_sessions = 20000
drain_notice_s = 0
carrier = "{carrier}"

[profiles.default]
dialect = "{dialect}"
survive = {survive}
voice = "marin"
{lock}instructions = "You are the voice of a small hotel. Answer in one or two short sentences and confirm each date."
"""


def relay(
    site: Site,
    carrier: str,
    *,
    records: bool = False,
    locks: bool = False,
    survives: bool = False,
    dialect: str = "ga",
) -> Command:
    """`relay serve`.

    Args:
        carrier: what it reads and writes its sockets with: `fast`, as by default, `python` or `portable`.
        locks: whether its peers may change neither instructions nor tools.
        survives: whether its sessions outlive their upstreams.
        records: whether each session is written into a file.
        dialect: what its peers speak.
    """
    lock = 'lock = ["instructions", "tools"]\n' if locks else ""
    survive = str(survives).lower()
    config = site.write("relay.toml", _CONFIG.format(carrier=carrier, dialect=dialect, lock=lock, survive=survive))
    place = ["--port", str(site.port), "--upstream", site.upstream_url, "--config", config]
    place += ["--record", str(site.directory / "recordings")] if records else []
    env = {"SSL_CERT_FILE": str(site.trusted)} if site.trusted else {}
    return Command([sys.executable, "-m", "relay", "serve", *place], env)
