"""nginx, HAProxy, Caddy and Traefik, run with the files that `deploy/` has for them."""

import asyncio
import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
NAME = "relay.example.org"

_NGINX = """
daemon off; pid {place}/pid; error_log stderr warn; worker_processes 1; {user}
events {{}}
http {{
    access_log off;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi; scgi_temp_path {place}/scgi;
    include {place}/relay.conf;
}}
"""

_TRAEFIK = """
entryPoints: {{websecure: {{address: "127.0.0.1:{port}"}}}}
providers: {{file: {{filename: "{file}"}}}}
global: {{checkNewVersion: false}}
"""


def program(name: str) -> str:
    """The server's program, wherever the distribution put it."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise FileNotFoundError(f"no {name}: `make test` installs it where it may")
    return path


def packaged(name: str) -> str:
    """The program as its package has it; the test is skipped where there is none for this machine."""
    path = ROOT / ".venv/.proxies/bin" / name
    if not path.exists():
        pytest.skip(f"no {name} for this machine; `make test` says so")
    return str(path)


Changes = dict[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy of a test finds what it needs, and where it listens."""

    directory: Path
    port: int
    relay_ports: Sequence[int]

    @property
    def chain(self) -> str:
        return str(self.directory / "relay.pem")

    def write(self, name: str, changes: Changes) -> Path:
        """Write the file that `deploy/` has, with places changed, each of which it has to have."""
        text = (DEPLOY / name).read_text()
        for old, new in changes.items():
            assert old in text, f"deploy/{name} has no {old}"
            text = text.replace(old, new)
        path = self.directory / name
        path.write_text(text)
        return path

    def each_replica(self, line: str) -> str:
        """A line for each relay, made from the one that stands for it in the file."""
        numbered = (line.replace("8000", str(port)).replace("one", f"at{port}") for port in self.relay_ports)
        return "\n".join(numbered)


def _nginx(place: Place) -> list[str]:
    user = "user root;" if os.geteuid() == 0 else ""  # it may read what the test has written, as whoever runs it
    replica = "server 127.0.0.1:8000 max_fails=0;"
    place.write(
        "nginx.conf",
        {
            replica: place.each_replica(replica),
            "listen 443": f"listen 127.0.0.1:{place.port}",
            "/etc/ssl/relay.example.org.pem": place.chain,
            "/etc/ssl/relay.example.org.key": place.chain,
        },
    ).rename(place.directory / "relay.conf")
    main = place.directory / "main.conf"
    main.write_text(_NGINX.format(place=place.directory, user=user))
    return [program("nginx"), "-e", "stderr", "-p", str(place.directory), "-c", str(main)]


def _haproxy(place: Place) -> list[str]:
    replica = "server one 127.0.0.1:8000"
    file = place.write(
        "haproxy.cfg",
        {
            replica: place.each_replica(replica),
            "bind :443": f"bind 127.0.0.1:{place.port}",
            "/etc/haproxy/relay.example.org.pem": place.chain,
        },
    )
    return [program("haproxy"), "-db", "-f", str(file)]


def _caddy(place: Place) -> list[str]:
    site = f"{{\n\tadmin off\n\tstorage file_system {place.directory}\n}}\nhttps://{NAME}:{place.port} {{\n"
    file = place.write(
        "Caddyfile",
        {
            f"{{$SITE_NAME:{NAME}}} {{\n": f"{site}\ttls {place.chain} {place.chain}\n",
            "{$RELAY:127.0.0.1:8000}": " ".join(f"127.0.0.1:{port}" for port in place.relay_ports),
        },
    )
    return [packaged("caddy"), "run", "--adapter", "caddyfile", "--config", str(file)]


def _traefik(place: Place) -> list[str]:
    replica = "          - url: http://127.0.0.1:8000 #"
    file = place.write(
        "traefik.yaml",
        {
            replica: place.each_replica(replica),
            "tls:\n        certResolver: letsencrypt": "tls: {}",
            "http:\n": f"tls: {{certificates: [{{certFile: {place.chain}, keyFile: {place.chain}}}]}}\nhttp:\n",
        },
    )
    static = place.directory / "static.yaml"
    static.write_text(_TRAEFIK.format(port=place.port, file=file))
    return [packaged("traefik"), f"--configfile={static}"]


COMMANDS: Mapping[str, Callable[[Place], list[str]]] = {
    "nginx": _nginx, "haproxy": _haproxy, "caddy": _caddy, "traefik": _traefik,
}  # fmt: skip


@asynccontextmanager
async def proxy(name: str, relay_ports: Sequence[int], directory: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """Run a proxy before the relays; yields its port, and what trusts its certificate."""
    authority = trustme.CA()
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(directory / "relay.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    place = Place(directory, free_port(), relay_ports)
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[name](place), stderr=asyncio.subprocess.PIPE, env={**os.environ, "HOME": str(directory)}
    )
    try:
        await listening(place.port, process)
        await _certified(place.port, trust)
        yield place.port, trust
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def _certified(port: int, trust: ssl.SSLContext) -> None:
    """Wait until it has its certificate: Traefik listens before it has read its file."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname=NAME)
        except (ssl.SSLError, ConnectionResetError):
            await asyncio.sleep(0)
        else:
            writer.close()
            return


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


async def listening(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until somebody listens there.

    Raises:
        AssertionError: the process ended before; with what it said.
    """
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            if process.returncode is not None:
                assert process.stderr is not None
                raise AssertionError((await process.stderr.read()).decode()) from None
            await asyncio.sleep(0)  # others have the processor; there is nothing to be told by
        else:
            writer.close()
            return
