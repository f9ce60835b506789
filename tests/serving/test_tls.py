"""The relay's own TLS listener, with certificates of an operator's and of its own making."""

import re
import ssl
from pathlib import Path

import httpx2 as httpx
import pytest
import trustme
from click.testing import CliRunner
from cryptography.x509 import load_pem_x509_certificates
from websockets.asyncio.client import connect

from relay.cli import main
from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from relay.serving.tls import listener_certificate
from tests.fakes.process import relay_process, relay_process_with
from tests.fakes.upstream import echo, scripted_upstream

LARGE = "é" * 3_000_000


@pytest.fixture
def operators(tmp_path: Path) -> tuple[trustme.CA, Path, Path]:
    """An authority, and the certificate and key that it gave an operator."""
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return authority, chain, key


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_an_operators_certificate(carrier, operators, workers) -> None:
    """With a certificate and its key the relay speaks TLS, and carries messages of every size unchanged."""
    authority, chain, key = operators
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    async with (
        scripted_upstream(echo) as upstream,
        relay_process(
            "--upstream", upstream.url, "--tls-cert", str(chain), "--tls-key", str(key), "--workers", workers,
            RELAY_CARRIER=carrier,
        ) as (_, address),
        httpx.AsyncClient(verify=trusting, timeout=None) as http,
        connect(
            address.replace("https", "wss") + "/v1/realtime", ssl=trusting, max_size=None, proxy=None
        ) as peer,
    ):  # fmt: skip
        assert (await http.get(f"{address}/readyz")).text == "ready\n"
        exposed = (await http.get(f"{address}/metrics")).text
        told = re.findall(r"^relay_certificate_expires_timestamp_seconds.* (\S+)$", exposed, re.MULTILINE)
        ends = load_pem_x509_certificates(chain.read_bytes())[0].not_valid_after_utc
        assert [float(end) for end in told] == [ends.timestamp()] * int(workers)
        for message in ("small", LARGE, b"binary", "last"):
            await peer.send(message)
        assert [await peer.recv() for _ in range(4)] == ["small", LARGE, b"binary", "last"]


async def test_a_certificate_for_development() -> None:
    """With --tls-self-signed the relay says which authority to trust, and who trusts it connects."""
    async with relay_process_with({}, ["--upstream", "mock", "--tls-self-signed"], {}) as (_, started):
        address, authority = started["address"], started["tls_authority"]
        trusting = ssl.create_default_context(cafile=authority)
        async with httpx.AsyncClient(verify=trusting, timeout=None) as http:
            assert (await http.get(f"{address}/livez")).status_code == 200
            assert (await http.get(f"{address.replace('127.0.0.1', 'localhost')}/livez")).status_code == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            await connect(address.replace("https", "wss") + "/v1/realtime", proxy=None)


def test_the_authority_for_development_can_issue_nothing_more() -> None:
    """The directory holds no key but the certificate's own, for its owner's eyes, and is gone at the end."""
    with listener_certificate(load_settings(tls_self_signed=True)) as certificate:
        assert certificate is not None
        assert certificate.authority is not None
        directory = certificate.chain.parent
        keys = [path for path in directory.iterdir() if b"PRIVATE KEY" in path.read_bytes()]
        assert keys == [certificate.key]
        assert certificate.key.stat().st_mode & 0o077 == 0
    assert not directory.exists()


@pytest.mark.parametrize(
    ("swap", "words"),
    [
        (lambda chain, key: (chain, chain), "belong together"),
        (lambda chain, key: (chain.parent / "nowhere.pem", key), "nowhere.pem: No such file"),
        (lambda chain, key: (chain, chain.parent), "tls_key: cannot read"),
    ],
)
def test_a_certificate_that_cannot_be_used(operators, swap, words) -> None:
    """A certificate that is missing, unreadable or not the key's is told at the start."""
    _, chain, key = operators
    wrong_chain, wrong_key = swap(chain, key)
    settings = load_settings(tls_cert=wrong_chain, tls_key=wrong_key)
    with pytest.raises(SettingsError, match=words), listener_certificate(settings):
        pass


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--tls-cert", "a.pem"], "one of them is missing"),
        (["--tls-cert", "a.pem", "--tls-key", "b.pem", "--tls-self-signed"], "choose"),
    ],
)
def test_options_that_do_not_fit(options, words) -> None:
    """Half a certificate, or two of them, are refused in words."""
    result = CliRunner().invoke(main, ["serve", "--upstream", "mock", *options])
    assert result.exit_code == 2
    assert words in result.output
