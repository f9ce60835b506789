"""Why an upstream could not be had: what failed, what its operator can do about it, and what a peer is told.

A peer is told neither an address nor what concerns the relay's key; the log has both, without secrets.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import NamedTuple

from relay.core.causes import Cause
from relay.core.closing import Ended, Refused, ended, refused_by_upstream


class Phase(Enum):
    """How far a dial came. The values stand in the log."""

    CREDENTIALS = "credentials"
    NAME = "name"
    PROXY = "proxy"
    CONNECT = "connect"
    TLS = "tls"
    UPGRADE = "upgrade"
    REQUEST = "request"


class Reason(Enum):
    """What failed. The values stand in the log."""

    NO_TOKEN = "no_token"  # noqa: S105 - a reason
    SILENT_CREDENTIALS = "silent_credentials"
    NAME_UNKNOWN = "name_unknown"
    NAME_UNANSWERED = "name_unanswered"
    CONNECTION_REFUSED = "connection_refused"
    NO_ROUTE = "no_route"
    NO_PORT = "no_port"
    NO_DESCRIPTOR = "no_descriptor"
    NOT_CONNECTED = "not_connected"
    SILENT_ADDRESS = "silent_address"
    PROXY_UNREACHABLE = "proxy_unreachable"
    SILENT_PROXY = "silent_proxy"
    PROXY_REFUSED = "proxy_refused"
    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_NAME = "certificate_name"
    CERTIFICATE_AUTHORITY = "certificate_authority"
    CERTIFICATE_REFUSED = "certificate_refused"
    NO_TLS = "no_tls"
    TLS_FAILED = "tls_failed"
    SILENT_TLS = "silent_tls"
    CONNECTION_LOST = "connection_lost"
    SILENT_SERVICE = "silent_service"
    NO_HTTP = "no_http"
    UPGRADE_MALFORMED = "upgrade_malformed"
    ANSWER_UNUSABLE = "answer_unusable"
    NOT_UPGRADED = "not_upgraded"
    REDIRECTED = "redirected"
    REQUEST_REFUSED = "request_refused"
    KEY_REFUSED = "key_refused"
    NOT_ALLOWED = "not_allowed"
    NOT_FOUND = "not_found"
    RATE_LIMITED = "rate_limited"
    QUOTA_SPENT = "quota_spent"
    SERVICE_FAILED = "service_failed"
    GATEWAY_FAILED = "gateway_failed"
    OVERLOADED = "overloaded"


class ReasonRow(NamedTuple):
    """What one reason means.

    Attributes:
        told: the peer's sentence.
        advice: what the operator does; empty where the provider's own advice, about its key, is the right one.
        cause: the end that it is; None where the upstream's status says which.
        status: the peer's HTTP status, where neither the end nor the upstream has one.
    """

    told: str
    advice: str
    cause: Cause | None = None
    status: int | None = None


_UNREACHABLE, _TIMEOUT = Cause.UPSTREAM_UNREACHABLE, Cause.UPSTREAM_TIMEOUT

REASONS: Mapping[Reason, ReasonRow] = MappingProxyType({
    Reason.NO_TOKEN: ReasonRow("The relay has no credentials for the upstream now.", "", Cause.UPSTREAM_DENIED, 401),
    Reason.SILENT_CREDENTIALS: ReasonRow(
        "The relay's credentials for the upstream did not come in time. Try again later.",
        "Whoever makes the relay's tokens does not answer: check the way to the identity service.",
        _TIMEOUT,
    ),
    Reason.NAME_UNKNOWN: ReasonRow(
        "The upstream's name is not known to DNS. The relay's operator has to check its address.",
        "Check the spelling of the host in the upstream's address, and that this machine's DNS knows it.",
        _UNREACHABLE,
    ),
    Reason.NAME_UNANSWERED: ReasonRow(
        "The upstream's name could not be looked up. Try again later.",
        "Check this machine's DNS: its name server does not answer, or not for this name.",
        _UNREACHABLE,
    ),
    Reason.CONNECTION_REFUSED: ReasonRow(
        "The upstream refused the connection. Try again later.",
        "Nothing listens there: check host and port of the upstream's address, and that the service runs.",
        _UNREACHABLE,
    ),
    Reason.NO_ROUTE: ReasonRow(
        "There is no way to the upstream's network. Try again later.",
        "Check this machine's network, routes and firewall, and whether it has IPv6 where the address is one.",
        _UNREACHABLE,
    ),
    Reason.NO_PORT: ReasonRow(
        "No connection to the upstream could be opened. Try again later.",
        "All source ports to this address are taken, or it is of a kind that this machine has not: widen "
        "net.ipv4.ip_local_port_range, or give the relay another address of its own.",
        _UNREACHABLE,
    ),
    Reason.NO_DESCRIPTOR: ReasonRow(
        "The relay has as many connections as its machine allows. Try again later.",
        "The relay may open no more sockets: raise the limit of open files (LimitNOFILE, ulimit -n).",
        Cause.FULL,
    ),
    Reason.NOT_CONNECTED: ReasonRow(
        "No connection to the upstream could be opened. Try again later.",
        "None of the name's addresses took the connection: check host, port, network and firewall.",
        _UNREACHABLE,
    ),
    Reason.SILENT_ADDRESS: ReasonRow(
        "The upstream did not take the connection in time. Try again later.",
        "Packets get no answer: check the firewall between here and there, and whether https_proxy has to be set.",
        _TIMEOUT,
    ),
    Reason.PROXY_UNREACHABLE: ReasonRow(
        "The way to the upstream is closed. Try again later.",
        "The forward proxy cannot be reached: check https_proxy or all_proxy, or name the upstream in no_proxy.",
        _UNREACHABLE,
    ),
    Reason.SILENT_PROXY: ReasonRow(
        "The way to the upstream did not open in time. Try again later.",
        "The forward proxy does not answer, or the upstream behind it: check both, https_proxy and no_proxy.",
        _TIMEOUT,
    ),
    Reason.PROXY_REFUSED: ReasonRow(
        "The way to the upstream is closed. The relay's operator has to look at it.",
        "The forward proxy lets nobody through to this address: check its rules, and user and password in the setting.",
        _UNREACHABLE,
    ),
    Reason.CERTIFICATE_EXPIRED: ReasonRow(
        "The upstream's certificate is not valid at this time. The relay's operator has to look at it.",
        "The certificate's time is over or has not come: have it renewed, and check this machine's clock.",
        _UNREACHABLE,
    ),
    Reason.CERTIFICATE_NAME: ReasonRow(
        "The upstream's certificate is for another name. The relay's operator has to check its address.",
        "The certificate is for another name: use a name that it has in the upstream's address.",
        _UNREACHABLE,
    ),
    Reason.CERTIFICATE_AUTHORITY: ReasonRow(
        "The upstream's certificate is not trusted here. The relay's operator has to look at it.",
        "This machine does not know who signed the certificate: add the authority to it, or set SSL_CERT_FILE.",
        _UNREACHABLE,
    ),
    Reason.CERTIFICATE_REFUSED: ReasonRow(
        "The upstream's certificate was refused. The relay's operator has to look at it.",
        "The certificate was refused for the reason in detail.",
        _UNREACHABLE,
    ),
    Reason.NO_TLS: ReasonRow(
        "The upstream does not speak TLS. The relay's operator has to check its address.",
        "There is no TLS at this port: check the port, or write ws:// (http://) if it is meant to be plain.",
        _UNREACHABLE,
    ),
    Reason.TLS_FAILED: ReasonRow(
        "TLS with the upstream failed. The relay's operator has to look at it.",
        "The TLS handshake failed for the reason in detail: check versions, and whether a client certificate is asked.",
        _UNREACHABLE,
    ),
    Reason.SILENT_TLS: ReasonRow(
        "The upstream did not answer the TLS handshake in time. Try again later.",
        "The port takes connections and says nothing: check that TLS is served there, and what stands in between.",
        _TIMEOUT,
    ),
    Reason.CONNECTION_LOST: ReasonRow(
        "The upstream closed the connection without an answer. Try again later.",
        "The service, or what stands before it, hung up: check its log, the port, and whether wss:// is needed.",
        _UNREACHABLE,
    ),
    Reason.SILENT_SERVICE: ReasonRow(
        "The upstream did not answer in time. Try again later.",
        "The service was reached and does not answer: check its load and log; dial_timeout_s is how long it may take.",
        _TIMEOUT,
    ),
    Reason.NO_HTTP: ReasonRow(
        "The upstream did not answer in HTTP. The relay's operator has to check its address.",
        "What listens there is no WebSocket server: check the port, and whether wss:// is needed.",
        _UNREACHABLE,
    ),
    Reason.UPGRADE_MALFORMED: ReasonRow(
        "The upstream's WebSocket handshake is not valid. The relay's operator has to look at it.",
        "Its 101 breaks RFC 6455 in what detail says: check the service, and proxies before it that change headers.",
        _UNREACHABLE,
    ),
    Reason.ANSWER_UNUSABLE: ReasonRow(
        "What the upstream answered is no call. Try again later.",
        "It answered the request with something else: check that the address is the API's, and what stands before it.",
        Cause.UPSTREAM_BUSY,
        502,
    ),
    Reason.NOT_UPGRADED: ReasonRow(
        "The upstream answered with HTTP status {status} and opened no WebSocket.",
        "It answered an ordinary page: check the path, and that proxies before it pass on Upgrade.",
    ),
    Reason.REDIRECTED: ReasonRow(
        "The upstream redirects elsewhere (HTTP status {status}), which is not followed.",
        "The key is meant for the address in the settings alone: put the one that it redirects to there.",
    ),
    Reason.REQUEST_REFUSED: ReasonRow(
        "The upstream refused this session with HTTP status {status}. Check the model and the query.",
        "Check the model and the query's parameters against what the upstream said.",
    ),
    Reason.KEY_REFUSED: ReasonRow(
        "The upstream refused the relay's credentials. The relay's operator has to check its API key.", ""
    ),
    Reason.NOT_ALLOWED: ReasonRow(
        "The upstream refused the relay's credentials. The relay's operator has to check its API key.", ""
    ),
    Reason.NOT_FOUND: ReasonRow(
        "The upstream has nothing at this address (HTTP status {status}). Check the model and the query.",
        "Check the path of the upstream's address, and that the model, deployment or call exists there.",
    ),
    Reason.RATE_LIMITED: ReasonRow(
        "The upstream limits how much it takes (HTTP status {status}). Try again later.",
        "The account's rate limit is reached: spread the sessions, or ask the provider for a higher limit.",
    ),
    Reason.QUOTA_SPENT: ReasonRow(
        "The account behind the relay has no credit left. The relay's operator has to check plan and billing.",
        "The account has no credit left: check plan and billing at the provider; trying again does not help.",
        Cause.UPSTREAM_EXHAUSTED,
    ),
    Reason.SERVICE_FAILED: ReasonRow(
        "The upstream failed (HTTP status {status}). Try again later.",
        "The service failed: look at its status page or log, and give its support the request id.",
    ),
    Reason.GATEWAY_FAILED: ReasonRow(
        "What stands before the upstream could not reach it (HTTP status {status}). Try again later.",
        "A gateway before the service answered: check that the service behind it runs.",
    ),
    Reason.OVERLOADED: ReasonRow(
        "The upstream cannot take the session now (HTTP status {status}). Try again later.",
        "The service is overloaded or down for maintenance: look at its status page.",
    ),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class DialFailure:
    """Why an upstream could not be had. All texts are without secrets and fit a line of a log.

    Attributes:
        phase: how far the dial came.
        reason: what failed.
        address: host and port of the end that failed, the upstream or a proxy before it.
        detail: the failure in its own words.
        status: the HTTP status with which the upstream answered.
        request_id: what the upstream's support finds the answer by.
        said: the upstream's words.
        is_quotable: whether the words were meant for whoever asked, and are no gateway's page.
        retry_after: the upstream's header, as it was.
    """

    phase: Phase
    reason: Reason
    address: str = ""
    detail: str = ""
    status: int | None = None
    request_id: str = ""
    said: str = ""
    is_quotable: bool = False
    retry_after: str = ""

    @property
    def ended(self) -> Ended:
        """The end for it, with the sentence that the peer is told."""
        row = REASONS[self.reason]
        if row.cause is None:
            how = refused_by_upstream(self.status or 502)
        else:
            how = ended(row.cause, status=self.status or row.status)
        asks_again = how.retry_after_s is not None and self.retry_after
        return replace(how, told=self._told(row, how.cause), retry_after=self.retry_after if asks_again else None)

    def _told(self, row: ReasonRow, cause: Cause) -> str:
        told = row.told.format(status=self.status)
        if self.said and self.is_quotable and cause is not Cause.UPSTREAM_DENIED:
            told += f" It said: {self.said}"
        if self.request_id:
            told += f" (Its request id: {self.request_id})"
        return told

    @property
    def log_fields(self) -> dict[str, str | int]:
        """What the log says beside cause, status and advice; empty fields are left out."""
        fields = {
            "phase": self.phase.value,
            "reason": self.reason.value,
            "address": self.address,
            "detail": self.detail,
            "upstream_status": self.status,
            "request_id": self.request_id,
            "said": self.said,
            "retry_after": self.retry_after,
        }
        return {name: value for name, value in fields.items() if value}


class DialFailed(Refused):
    """A session that never began for want of an upstream.

    Attributes:
        failure: why.
    """

    def __init__(self, failure: DialFailure) -> None:
        super().__init__(failure.ended)
        self.failure = failure
