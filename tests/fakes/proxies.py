"""nginx and HAProxy, run with the files that `deploy/` has for them."""

import asyncio
import os
import shutil
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import trustme

DEPLOY = Path(__file__).parents[2] / "deploy"
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


def program(name: str) -> str:
    """The server's program, wherever the distribution put it."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        raise FileNotFoundError(f"no {name}: `make test` installs it where it may")
    return path


def changed(name: str, **changes: str) -> str:
    """The file in `deploy/` with an address or a path changed, each of which it has to have."""
    text = (DEPLOY / name).read_text()
    for old, new in {"127.0.0.1:8000": changes["relay"], **SHOWN[name](changes)}.items():
        assert old in text, f"deploy/{name} has no {old}"
        text = text.replace(old, new)
    return text


SHOWN: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "nginx.conf": lambda to: {
        "listen 443": f"listen 127.0.0.1:{to['port']}",
        "/etc/ssl/relay.example.org.pem": to["chain"],
        "/etc/ssl/relay.example.org.key": to["chain"],
    },
    "haproxy.cfg": lambda to: {
        "bind :443": f"bind 127.0.0.1:{to['port']}",
        "/etc/haproxy/relay.example.org.pem": to["chain"],
    },
}


@asynccontextmanager
async def proxy(name: str, relay_port: int, place: Path) -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """Run `nginx` or `haproxy` before the relay; yields its port, and what trusts its certificate."""
    authority = trustme.CA()
    authority.issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(place / "relay.pem")
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    port = free_port()
    given = {"relay": f"127.0.0.1:{relay_port}", "port": str(port), "chain": str(place / "relay.pem")}
    process = await asyncio.create_subprocess_exec(*COMMANDS[name](place, given), stderr=asyncio.subprocess.PIPE)
    try:
        await listening(port, process)
        yield port, trust
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def _nginx(place: Path, given: dict[str, str]) -> list[str]:
    user = "user root;" if os.geteuid() == 0 else ""  # it may read what the test has written, as whoever runs it
    (place / "relay.conf").write_text(changed("nginx.conf", **given))
    (place / "nginx.conf").write_text(_NGINX.format(place=place, user=user))
    return [program("nginx"), "-e", "stderr", "-p", str(place), "-c", str(place / "nginx.conf")]


def _haproxy(place: Path, given: dict[str, str]) -> list[str]:
    (place / "haproxy.cfg").write_text(changed("haproxy.cfg", **given))
    return [program("haproxy"), "-db", "-f", str(place / "haproxy.cfg")]


COMMANDS = {"nginx": _nginx, "haproxy": _haproxy}


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
