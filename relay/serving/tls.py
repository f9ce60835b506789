"""Certificates for the relay's own listener: the operator's, or for development one of its own making."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from relay.config.errors import SettingsError
from relay.config.settings import Settings

_WILDCARDS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - addresses that are no names


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM format.

    Attributes:
        chain: the certificate, and what stands between it and its authority.
        key: its private key.
        authority: what peers have to trust; None where they do so already.
    """

    chain: Path
    key: Path
    authority: Path | None = None


@contextmanager
def listener_certificate(settings: Settings) -> Iterator[Certificate | None]:
    """What the listener shows to peers, as long as the context is open; None where it speaks no TLS.

    Raises:
        SettingsError: the files cannot be read, are not PEM, or do not belong together.
    """
    if settings.tls_cert is not None and settings.tls_key is not None:
        given = Certificate(settings.tls_cert, settings.tls_key)
        check_certificate(given)
        yield given
    elif settings.tls_self_signed:
        with TemporaryDirectory(prefix="relay-tls-") as directory:
            yield make_certificate(Path(directory), settings.host)
    else:
        yield None


def check_certificate(certificate: Certificate) -> None:
    """Raise `SettingsError` with what is wrong with it."""
    for name, path in (("tls_cert", certificate.chain), ("tls_key", certificate.key)):
        try:
            path.read_bytes()
        except OSError as failure:
            raise SettingsError(f"{name}: cannot read {path}: {failure.strerror}") from None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate.chain, certificate.key, password="")
    except (ssl.SSLError, ValueError) as failure:
        words = getattr(failure, "reason", None) or str(failure)
        raise SettingsError(
            f"tls_cert, tls_key: {words}. Both have to be in PEM format, belong together, and need no password."
        ) from None


def expires_at(chain: Path) -> float:
    """When the certificate itself, the first of its chain, ends to be valid: seconds since 1970."""
    from cryptography import x509  # noqa: PLC0415 - 9 MB, for who speaks TLS

    return x509.load_pem_x509_certificates(chain.read_bytes())[0].not_valid_after_utc.timestamp()


def make_certificate(directory: Path, host: str) -> Certificate:
    """Make an authority of one certificate's length of life, and a certificate for this machine's names.

    The authority's key is not kept, so nobody can make another certificate that its peers would trust.
    """
    import trustme  # noqa: PLC0415 - 9 MB of cryptography, for who asks for it

    names = {"localhost", "127.0.0.1", "::1", socket.gethostname(), host} - _WILDCARDS
    authority = trustme.CA(organization_name="Realtime Relay, for development")
    certificate = authority.issue_cert(*sorted(names))
    made = Certificate(directory / "cert.pem", directory / "key.pem", directory / "ca.pem")
    certificate.private_key_pem.write_to_path(str(made.key))
    made.key.chmod(0o600)
    made.chain.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    authority.cert_pem.write_to_path(str(made.authority))
    return made
