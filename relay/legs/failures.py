"""What sockets, TLS and the carriers raise while an upstream is dialled, read as the reason why it could not be had."""

import contextlib
import errno
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from picows import WSError
from websockets.exceptions import InvalidHandshake, InvalidStatus, InvalidURI
from websockets.http11 import Response

from relay.core.dial_failure import DialFailed, DialFailure, Phase, Reason
from relay.core.upstream_answer import one_line, read_answer
from relay.legs.proxies import TunnelRefused
from relay.legs.upgrade import NoHttp

Redact = Callable[[str], str]


@dataclass(slots=True)
class Attempt:
    """How far a dial has come.

    Attributes:
        phase: what it waits for.
        address: whom it waits for, as `host:port`; an IP address as soon as there is one.
        is_at_proxy: whether that is a proxy on the way.
    """

    phase: Phase = Phase.NAME
    address: str = ""
    is_at_proxy: bool = False

    def reached(self, sock: socket.socket) -> None:
        """The connection is open."""
        with contextlib.suppress(OSError):  # it has been reset already; whoever uses it next will see
            self.address = host_and_port(*sock.getpeername()[:2])


def host_and_port(host: str, port: int) -> str:
    """Both as an address has them, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextlib.contextmanager
def explained(attempt: Attempt, redact: Redact) -> Iterator[None]:
    """Raise what fails as `DialFailed`, with the reason; what is no failure of a dial passes."""
    try:
        yield
    except (OSError, EOFError, UnicodeError, InvalidHandshake, InvalidURI, WSError) as failure:
        raise DialFailed(explain(failure, attempt, redact)) from failure


def explain(failure: BaseException, attempt: Attempt, redact: Redact) -> DialFailure:
    """The reason for a failure, with what it says itself."""
    if isinstance(failure, InvalidStatus):
        return _answer(failure.response, attempt, redact)
    phase = Phase.NAME if isinstance(failure, socket.gaierror) else attempt.phase
    phase = Phase.PROXY if attempt.is_at_proxy else phase
    detail = "" if isinstance(failure, TimeoutError) else one_line(_words(failure), redact)
    return DialFailure(phase, _reason(failure, phase), attempt.address, detail)


def _answer(response: Response, attempt: Attempt, redact: Redact) -> DialFailure:
    headers = {name.lower(): value for name, value in response.headers.raw_items()}
    body = bytes(response.body or b"")
    return read_answer(response.status_code, headers, body, redact, attempt.phase, attempt.address)


def _words(failure: BaseException) -> str:
    """What the failure says, without OpenSSL's place in its sources where there is a sentence."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        return failure.verify_message
    return str(failure)


def _reason(failure: BaseException, phase: Phase) -> Reason:
    if phase is Phase.PROXY and isinstance(failure, OSError) and not isinstance(failure, TimeoutError):
        return Reason.PROXY_UNREACHABLE
    for kind, reason in _BY_KIND:
        if isinstance(failure, kind):
            return reason(failure, phase)
    return _SOCKET.get(getattr(failure, "errno", None) or 0, _LOST[phase])


_SILENT = {
    Phase.CREDENTIALS: Reason.SILENT_CREDENTIALS,
    Phase.NAME: Reason.NAME_UNANSWERED,
    Phase.PROXY: Reason.SILENT_PROXY,
    Phase.CONNECT: Reason.SILENT_ADDRESS,
    Phase.TLS: Reason.SILENT_TLS,
    Phase.UPGRADE: Reason.SILENT_SERVICE,
    Phase.REQUEST: Reason.SILENT_SERVICE,
}

_LOST = {
    Phase.NAME: Reason.NAME_UNANSWERED,
    Phase.CONNECT: Reason.NOT_CONNECTED,
    Phase.PROXY: Reason.PROXY_UNREACHABLE,
    Phase.TLS: Reason.CONNECTION_LOST,
    Phase.UPGRADE: Reason.CONNECTION_LOST,
    Phase.REQUEST: Reason.CONNECTION_LOST,
}

_NAME = {
    socket.EAI_NONAME: Reason.NAME_UNKNOWN,
    getattr(socket, "EAI_NODATA", socket.EAI_NONAME): Reason.NAME_UNKNOWN,
}

_CERTIFICATE = {
    9: Reason.CERTIFICATE_EXPIRED,  # X509_V_ERR_CERT_NOT_YET_VALID
    10: Reason.CERTIFICATE_EXPIRED,
    18: Reason.CERTIFICATE_AUTHORITY,  # X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
    19: Reason.CERTIFICATE_AUTHORITY,  # X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
    20: Reason.CERTIFICATE_AUTHORITY,  # X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    21: Reason.CERTIFICATE_AUTHORITY,  # X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
    62: Reason.CERTIFICATE_NAME,  # X509_V_ERR_HOSTNAME_MISMATCH
    64: Reason.CERTIFICATE_NAME,  # X509_V_ERR_IP_ADDRESS_MISMATCH
}
"""OpenSSL's verify codes (x509_vfy.h)."""

_TLS = {
    "WRONG_VERSION_NUMBER": Reason.NO_TLS,  # what a plain HTTP server's answer looks like
    "HTTP_REQUEST": Reason.NO_TLS,
    "UNKNOWN_PROTOCOL": Reason.NO_TLS,
    "PACKET_LENGTH_TOO_LONG": Reason.NO_TLS,
    "RECORD_LAYER_FAILURE": Reason.NO_TLS,
    "UNEXPECTED_EOF_WHILE_READING": Reason.CONNECTION_LOST,
}

_SOCKET = {
    errno.ECONNREFUSED: Reason.CONNECTION_REFUSED,
    errno.ENETUNREACH: Reason.NO_ROUTE,
    errno.EHOSTUNREACH: Reason.NO_ROUTE,
    errno.ENETDOWN: Reason.NO_ROUTE,
    errno.EADDRNOTAVAIL: Reason.NO_PORT,
    errno.EMFILE: Reason.NO_DESCRIPTOR,
    errno.ENFILE: Reason.NO_DESCRIPTOR,
    errno.EAFNOSUPPORT: Reason.NO_ROUTE,
}

_BY_KIND: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[[Any, Phase], Reason]], ...] = (
    (TunnelRefused, lambda *_: Reason.PROXY_REFUSED),
    (TimeoutError, lambda _, phase: _SILENT[phase]),
    (socket.gaierror, lambda failure, _: _NAME.get(failure.errno, Reason.NAME_UNANSWERED)),
    (
        ssl.SSLCertVerificationError,
        lambda failure, _: _CERTIFICATE.get(failure.verify_code, Reason.CERTIFICATE_REFUSED),
    ),
    (ssl.SSLError, lambda failure, _: _TLS.get(failure.reason or "", Reason.TLS_FAILED)),
    (NoHttp, lambda *_: Reason.NO_HTTP),
    ((UnicodeError, InvalidURI), lambda *_: Reason.NAME_UNKNOWN),  # no name that DNS could know
    (InvalidHandshake, lambda *_: Reason.UPGRADE_MALFORMED),
)
"""The first kind that fits says the reason; those that are a kind of another stand before it."""
