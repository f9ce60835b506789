"""A certificate of our own for the upstream that speaks TLS."""

import subprocess
from pathlib import Path

_NAMES = "-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1"


def make_certificate(directory: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 and localhost with the `openssl` command.

    Returns:
        What to trust, and what to serve with: the certificate alone, and the certificate with its key.
    """
    trusted, key, served = (directory / name for name in ("trusted.pem", "key.pem", "served.pem"))
    words = f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 {_NAMES}".split()
    subprocess.run([*words, "-keyout", str(key), "-out", str(trusted)], check=True, capture_output=True)
    served.write_bytes(trusted.read_bytes() + key.read_bytes())
    return trusted, served
