"""Credentials for TURN servers."""

from relay.admission.turn import LIFETIME_S, ice_servers, turn_credentials

ADDRESSES = ["stun:a.example", "turn:b.example:3478?transport=udp", "turns:b.example"]


def test_credentials_count_until_their_time() -> None:
    """The name says until when, and for whom; the same name has another password under another secret."""
    ann = turn_credentials("a secret of the servers", "ab" * 32, 1000.9)
    assert (ann.username, ann.expires_at) == (f"{1000 + LIFETIME_S}:{'ab' * 8}", 1000 + LIFETIME_S)
    assert ann == turn_credentials("a secret of the servers", "ab" * 32, 1000.0)
    assert ann.credential != turn_credentials("another secret of theirs", "ab" * 32, 1000.0).credential
    assert turn_credentials("a secret of the servers", None, 0).username == f"{LIFETIME_S}:anybody"


def test_who_gets_credentials() -> None:
    """TURN servers alone; without a secret they are left out, since none would let a page in."""
    given = turn_credentials("a secret of the servers", None, 0)
    turn = {"urls": ADDRESSES[1:], "username": given.username, "credential": given.credential}
    assert ice_servers(ADDRESSES, given) == [{"urls": ADDRESSES[:1]}, turn]
    assert ice_servers(ADDRESSES, None) == [{"urls": ADDRESSES[:1]}]
    assert ice_servers([], given) == []
