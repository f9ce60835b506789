"""Quotas, over real sockets."""

import json

import pytest
from websockets.exceptions import InvalidStatus

from relay.config.errors import SettingsError
from relay.config.loading import load_settings
from tests.fakes.running import end_of, running
from tests.fakes.upstream import scripted_upstream

TOKENS = [{"token": "anna-0123456789abcdef", "subject": "anna"}, {"token": "bert-0123456789abcdef", "subject": "bert"}]


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}-0123456789abcdef"}


async def test_a_subject_beyond_its_quota_is_refused_before_anything_is_dialled() -> None:
    """It gets 429 with Retry-After, or as a page an error and 1013; the upstream sees nothing of it."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, tokens=TOKENS, quotas={"subject": {"sessions": 1}}) as relay,
        relay.peer(additional_headers=bearer("anna")),
        relay.peer(additional_headers=bearer("bert")),
    ):
        with pytest.raises(InvalidStatus) as refusal:
            await relay.peer(additional_headers=bearer("anna"))
        response = refusal.value.response
        assert (response.status_code, response.headers["Retry-After"]) == (429, "10")
        assert json.loads(response.body)["error"]["code"] == "too_many_sessions"
        async with relay.peer(additional_headers=bearer("anna"), origin=relay.http) as page:
            messages, code, _ = await end_of(page)
        assert json.loads(messages[0])["error"]["code"] == "too_many_sessions"
        assert code == 1013
        assert len(upstream.handshakes) == 2


async def test_a_wait_is_told_in_seconds() -> None:
    """A peer that comes too soon is told when there is room again."""
    async with (
        scripted_upstream() as upstream,
        running(upstream.url, quotas={"process": {"sessions_per_minute": 1}}) as relay,
    ):
        async with relay.peer():
            pass
        with pytest.raises(InvalidStatus) as refusal:
            await relay.peer()
        assert 0 < int(refusal.value.response.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"quotas": {"subjects": {}}}, "quotas.subjects: there is no such scope; there are process, subject, profile"),
        (
            {"quotas": {"subject": {"sesions": 1}}},
            "quotas.subject.sesions: there is no such field; did you mean sessions?",
        ),
        ({"profiles": {"a": {"quota": {"sessions": 0}}}}, "profiles.a.quota.sessions: must be a number of at least"),
        ({"quota_store": "http://secret@redis"}, "quota_store: must be memory, or an address with redis"),
    ],
)
def test_wrong_quotas_are_told_by_name(given, words) -> None:
    """A misspelt scope, a field that is no number, or a store of another kind stops the start."""
    with pytest.raises(SettingsError) as failure:
        load_settings(upstream="mock", **given)
    assert words in str(failure.value)
    assert "secret" not in str(failure.value)
