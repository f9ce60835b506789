from relay.core.payers import Payers, Place


def test_the_first_of_those_that_see_a_call_pays() -> None:
    """When it leaves the next one does; another call is paid for by others."""
    payers = Payers()
    with payers.place("a") as second_call, payers.place("b") as other, payers.place("b") as third:
        assert (second_call.pays, other.pays, third.pays) == (True, True, False)
        other.leave()
        assert third.pays
    assert len(payers) == 0


def test_a_call_may_become_known_later() -> None:
    """Until then a session pays, since nobody else does; what it was called first counts."""
    payers = Payers()
    with payers.place(None) as early, payers.place("a") as late:
        assert early.pays
        early.name(None)
        early.name("a")
        early.name("b")
        assert (early.pays, late.pays) == (False, True)
        assert len(payers) == 1


def test_a_session_by_itself_pays() -> None:
    """Where nobody keeps the places every session pays."""
    place = Place()
    place.name("a")
    place.leave()
    assert place.pays
