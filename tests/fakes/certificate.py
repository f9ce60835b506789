"""A certificate for this machine, and an authority that peers can trust."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import trustme


@dataclass(frozen=True)
class Certificate:
    """Attributes: `settings` of a relay that shows it, `trust` for Python's peers, `authority` as a file for others."""

    settings: dict[str, Any]
    trust: ssl.SSLContext
    authority: Path


def make_certificate(directory: Path) -> Certificate:
    """Make both in the directory; takes a while, so not for the event loop."""
    authority = trustme.CA()
    chain = directory / "relay.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(chain))
    authority.cert_pem.write_to_path(str(directory / "ca.pem"))
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    return Certificate({"tls_cert": chain, "tls_key": chain}, trust, directory / "ca.pem")
