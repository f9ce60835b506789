"""What bounds an upstream connection."""

from pathlib import Path

import pytest

from relay.legs.target import DialOptions
from tests.fakes.certificate import make_certificate


def test_authorities_are_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All relays of a process trust the same ones, until the environment names others."""
    of_the_system = DialOptions(1024).tls
    assert DialOptions(2048).tls is of_the_system
    monkeypatch.setenv("SSL_CERT_FILE", str(make_certificate(tmp_path).authority))
    named = DialOptions(1024).tls
    assert named is not of_the_system
    assert named.cert_store_stats()["x509_ca"] == 1
