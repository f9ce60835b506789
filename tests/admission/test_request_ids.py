"""The names of requests, from their headers."""

import pytest

from relay.admission.request_ids import read_request_ids

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("given", ["abc-123", "req_1", "0b6b1a3e-4f6e-4c8e-9b0a-1f2d3c4b5a69", "a" * 128])
def test_a_request_id_is_taken_over(given) -> None:
    """A name that was given on the way is kept, and stands in the id of what is answered."""
    ids = read_request_ids({"x-request-id": given})
    assert (ids.request_id, ids.event_id) == (given, f"relay_{given}")


@pytest.mark.parametrize("given", ["", "two words", "a\nb", "<script>", "ä", "a" * 129, '"'])
def test_a_request_id_that_could_steer_is_not(given) -> None:
    """A name with anything but letters, digits and a few marks, or a very long one, is replaced."""
    made = read_request_ids({"x-request-id": given}).request_id
    assert len(made) == 16
    assert made != read_request_ids({}).request_id


def test_a_trace_goes_on() -> None:
    """The trace that a request belongs to, and whether it is sampled, are kept; the span is the relay's own."""
    ids = read_request_ids({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    assert ids.trace_id == TRACE
    version, trace, span, flags = ids.traceparent.split("-")
    assert (version, trace, flags, len(span)) == ("00", TRACE, "01", 16)
    assert span != "b7ad6b7169203331"


@pytest.mark.parametrize(
    "given",
    ["", TRACE, f"ff-{TRACE}-b7ad6b7169203331-01", f"00-{'0' * 32}-b7ad6b7169203331-01", f"00-{TRACE}-{'0' * 16}-01",
     f"00-{TRACE.upper()}-b7ad6b7169203331-01", f"00-{TRACE}-b7ad-01\n"],
)  # fmt: skip
def test_a_trace_that_is_none(given) -> None:
    """What is not as W3C Trace Context has it begins a trace of its own."""
    ids = read_request_ids({"traceparent": given})
    assert ids.trace_id != TRACE
    assert len(ids.trace_id) == 32
