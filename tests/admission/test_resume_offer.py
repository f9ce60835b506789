"""The subprotocol of a peer that comes back."""

import pytest

from relay.admission.credentials import choose_subprotocol
from relay.admission.resume_offer import ResumeOffer, read_resume_offer

TOKEN = "abcdefghijklmnop_-34"
NAME = f"relay.resume.v1.{TOKEN}.17"


@pytest.mark.parametrize(
    ("offered", "offer"),
    [
        ([NAME], ResumeOffer(NAME, TOKEN, 17)),
        (["realtime", NAME], ResumeOffer(NAME, TOKEN, 17)),
        ([], None),
        (["realtime"], None),
        ([NAME, NAME.replace("17", "18")], None),
        (["relay.resume.v1.short.17"], None),
        ([f"relay.resume.v1.{TOKEN}"], None),
        ([f"relay.resume.v1.{TOKEN}.-1"], None),
        ([f"relay.resume.v1.{TOKEN}.{'9' * 16}"], None),
        ([f"relay.resume.v1.{TOKEN}.\N{ARABIC-INDIC DIGIT ONE}"], None),
        ([f"relay.resume.v2.{TOKEN}.17"], None),
    ],
)
def test_reading_an_offer(offered, offer) -> None:
    """An offer counts that stands alone and has the form; anything else is a subprotocol like others."""
    assert read_resume_offer(offered) == offer


@pytest.mark.parametrize(
    ("offered", "echoed"),
    [
        ([NAME], NAME),
        ([NAME, "realtime"], "realtime"),
        (["made.up", NAME], "made.up"),
        ([NAME, "made.up"], "made.up"),
        (["openai-insecure-api-key.k", NAME], NAME),
    ],
)
def test_what_answers_it_where_the_session_is_new(offered, echoed) -> None:
    """A new session is answered by what else was offered, and by the offer only where that leaves a credential."""
    assert choose_subprotocol(offered) == echoed
