"""The wheel, installed where nothing else is."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from relay.version import __version__
from tests.fakes.clean_root import NOBODY, in_clean_root, why_not
from tests.fakes.http_client import http_client
from tests.fakes.proxies import DEPLOY

ROOT = Path(__file__).parents[2]
PAGE_FILES = [
    ("/", "text/html"),
    ("/style.css", "text/css"),
    ("/web/main.js", "text/javascript"),
    ("/web/session/voice-session.js", "text/javascript"),
    ("/web/worklets/capture.js", "text/javascript"),
]


NOT_BUILT = shutil.ignore_patterns(".*", "node_modules", "__pycache__", "dist", "build", "tests", "*.so")


@pytest.fixture(scope="module")
def relay(tmp_path_factory) -> Path:
    """The `relay` command of a fresh environment that holds the built wheel.

    The dependencies are taken from the environment that runs the tests, by a path file: they are the pinned ones, and
    installing them again would test the package index.
    """
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    shutil.copytree(ROOT, source, ignore=NOT_BUILT)
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(place), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    [wheel] = place.glob("*.whl")
    venv.create(place / "venv", with_pip=True)
    python = place / "venv/bin/python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    [packages] = (place / "venv/lib").glob("python*/site-packages")
    [dependencies] = {path for path in sys.path if path.endswith("site-packages") and (Path(path) / "uvicorn").exists()}
    (packages / "dependencies.pth").write_text(dependencies + "\n")
    installed: Path = place / "venv/bin/relay"
    return installed


def test_the_fast_lane_is_in_it(relay) -> None:
    """Where there is a C compiler the wheel holds the compiled lane, and the installed relay uses it."""
    said = subprocess.run(
        [relay.parent / "python", "-c", "from relay.legs.lanes import WHY_NOT; print(WHY_NOT)"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert said == "\n"


def test_without_a_compiler_the_wheel_is_built_all_the_same(tmp_path) -> None:
    """Where no compiler works, one line says so, and the relay that is built does without the lane."""
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=NOT_BUILT)
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path), str(source)]
    built = subprocess.run(build, check=True, capture_output=True, text=True, env={**os.environ, "CC": "false"})
    assert "the fast lane is not compiled" in built.stdout + built.stderr
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if name.endswith(".so")] == []
    assert wheel.name.endswith("-py3-none-any.whl")


def test_the_readme_reads_well_elsewhere(relay) -> None:
    """On a package index the README's links and pictures have addresses: nothing lies beside it there."""
    [metadata] = relay.parent.parent.parent.glob("venv/lib/*/site-packages/realtime_relay-*.dist-info/METADATA")
    text = metadata.read_text()
    readme = text.partition("\n\n")[2]
    places = re.findall(r'(?:src|srcset|href)="([^"]+)"', readme) + re.findall(r"\]\(([^)]+)\)", readme)
    assert len(places) > 20
    assert [place for place in places if not place.startswith(("https://", "#"))] == []
    assert [
        name for name in ("Homepage", "Changelog", "Issues") if f"\nProject-URL: {name}, https://" not in text
    ] == []


def test_the_version_is_one(relay) -> None:
    """The command, the package's metadata and the changelog's newest section have the same version."""
    told = subprocess.run([relay, "--version"], check=True, capture_output=True, text=True).stdout
    assert told == f"relay, version {__version__}\n"
    assert list((relay.parent.parent).glob(f"lib/*/site-packages/realtime_relay-{__version__}.dist-info"))
    newest = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0]
    assert newest == __version__


async def started(relay: Path, where: Path, *arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(where)}
    process = await asyncio.create_subprocess_exec(
        relay, *arguments, cwd=where, env=environment, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    while line := (await process.stderr.readline()).decode():
        if found := re.search(r"(?:ws|http)://([\d.:]+)", line):
            return process, f"ws://{found[1]}/v1/realtime"
    raise AssertionError("it ended before it listened")


async def test_the_installed_relay_serves_its_page(relay, tmp_path) -> None:
    """From an empty directory, the installed `relay serve` serves the page, its modules and a session with the mock."""
    process, url = await started(relay, tmp_path, "serve", "--upstream", "mock", "--port", "0")
    try:
        async with http_client(
            base_url=url.replace("ws", "http", 1).removesuffix("/v1/realtime"), timeout=None
        ) as http:
            for path, kind in PAGE_FILES:
                answer = await http.get(path)
                assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, kind)
            [script] = re.findall(r'<script type="module" src="([^"]+)"', (await http.get("/")).text)
            joined = await http.get(script)
            assert "immutable" in joined.headers["cache-control"]
            assert "import " not in joined.text
        async with connect(url, proxy=None, open_timeout=None) as peer:
            assert '"session.created"' in str(await peer.recv())
    finally:
        process.terminate()
        await process.communicate()


# The container's command, and its health check when a line is read.
CONTAINER = """
"$@" & pid=$!
trap 'kill $pid; wait $pid' TERM
read -r _
"$PYTHON" -I "$HEALTHCHECK" $pid; sick=$?
touch /new 2> /dev/null && wrote=yes || wrote=no
echo "unhealthy $sick, user $(id -u), written $wrote"
wait
"""


def as_in_the_container(relay: Path) -> tuple[list[Path], list[str]]:
    """What the container has besides the system, and its command."""
    environment = relay.parent.parent
    [dependencies] = environment.glob("lib/*/site-packages/dependencies.pth")
    image = (ROOT / "Dockerfile").read_text()
    variables = dict(re.findall(r"(PYTHON\w+|RELAY_\w+)=(\S+)", re.findall(r"^ENV (.*)$", image, re.MULTILINE)[0]))
    assert variables["RELAY_HOST"] == "0.0.0.0"
    variables |= {"RELAY_UPSTREAM": "mock", "RELAY_PORT": "0", "RELAY_ALLOW_OPEN": "true"}
    variables |= {"PYTHON": str(environment / "bin/python"), "HEALTHCHECK": str(DEPLOY / "healthcheck.py")}
    given = [f"{name}={value}" for name, value in variables.items()]
    command = json.loads(re.findall(r"^CMD (.*)$", image, re.MULTILINE)[0])
    seen = [environment, Path(sys.base_prefix), Path(dependencies.read_text().strip()), DEPLOY]
    return seen, ["/usr/bin/env", "-i", *given, "/bin/sh", "-c", CONTAINER, "sh", str(relay), *command]


async def test_the_containers_command_needs_no_more_than_it_has(relay, tmp_path) -> None:
    """The container's command, as its user, with its variables and a read-only root, serves and is found healthy."""
    if reason := why_not(tmp_path):
        pytest.skip(f"no root of its own can be made here: {reason}")
    words, environment = in_clean_root(tmp_path, *as_in_the_container(relay))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, env=environment, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stderr is not None
    assert process.stdout is not None
    assert process.stdin is not None
    said = [b""]
    while b"relay.started" not in said[-1]:
        said.append(await process.stderr.readline())
        assert said[-1], b"".join(said).decode()
    address = json.loads(said[-1])["address"].replace("http", "ws").replace("0.0.0.0", "127.0.0.1")
    async with connect(f"{address}/v1/realtime", proxy=None, open_timeout=None) as peer:
        assert '"session.created"' in str(await peer.recv())
    process.stdin.write(b"now\n")
    user = NOBODY if os.geteuid() == 0 else 0
    assert (await process.stdout.readline()).decode() == f"unhealthy 0, user {user}, written no\n"
    process.terminate()
    await process.communicate()


async def test_the_installed_mock_answers(relay, tmp_path) -> None:
    """From an empty directory, the installed `relay mock` answers as the API would."""
    process, url = await started(relay, tmp_path, "mock", "--port", "0")
    try:
        async with connect(url + "?model=gpt-realtime-2.1", proxy=None, open_timeout=None) as peer:
            assert '"session.created"' in str(await peer.recv())
    finally:
        process.terminate()
        await process.communicate()


def test_the_installed_relay_inspects(relay, tmp_path) -> None:
    """The installed `relay inspect` has what its page is made of."""
    recording = shutil.copy(ROOT / "tests/transcripts/plain-turn.jsonl", tmp_path)
    subprocess.run([relay, "inspect", recording, "--html"], check=True, capture_output=True)
    assert "[your 1.6 s of speech]" in (tmp_path / "plain-turn.html").read_text()
