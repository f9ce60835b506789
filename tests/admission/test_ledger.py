from relay.admission.ledger import DAY_S, SWEPT_S, Ledger

ANNA, BERT = ("subject", "anna"), ("subject", "bert")


def test_a_day_begins_with_its_first_payment() -> None:
    """What a scope spends counts for 24 hours from its first payment on."""
    ledger = Ledger()
    ledger.spend(ANNA, 5, 100.0)
    ledger.spend(ANNA, 2, 100.0 + DAY_S - 1)
    assert ledger.spent(ANNA, 100.0 + DAY_S - 1) == 7
    assert ledger.spent(ANNA, 100.0 + DAY_S) == ledger.spent(BERT, 100.0) == 0
    ledger.spend(ANNA, 3, 100.0 + DAY_S)
    assert ledger.spent(ANNA, 100.0 + DAY_S) == 3


def test_what_is_left_can_be_set_aside() -> None:
    """The first amount is set aside whatever it is, a further one beside it only where both are left."""
    ledger = Ledger()
    ledger.spend(ANNA, 5, 0.0)
    assert not ledger.reserve(ANNA, "a", 1, 5, 0.0)
    assert ledger.reserve(ANNA, "a", 50, 10, 0.0)
    assert not ledger.reserve(ANNA, "b", 1, 10, 0.0)
    ledger.free(ANNA, "a")
    ledger.free(ANNA, None)
    assert ledger.reserve(ANNA, "b", 2, 10, 0.0)
    assert ledger.reserve(ANNA, "c", 3, 10, 0.0)
    assert not ledger.reserve(ANNA, "d", 1, 10, 0.0)


def test_days_that_are_over_are_forgotten() -> None:
    """Nothing is kept of a subject whose day is over, unless something of it is under way."""
    ledger = Ledger()
    ledger.spend(ANNA, 5, SWEPT_S)
    ledger.spend(BERT, 5, SWEPT_S)
    assert ledger.reserve(BERT, "a", 5, 10, SWEPT_S)
    ledger.spend(("subject", "carl"), 5, SWEPT_S + DAY_S)
    assert len(ledger) == 2


def test_what_is_kept_leaves_less() -> None:
    """An amount that is set aside whatever is left is no answer's, and leaves less for them."""
    ledger = Ledger()
    ledger.keep(ANNA, "t", 8)
    assert ledger.reserve(ANNA, "a", 50, 10, 0.0)
    ledger.free(ANNA, "a")
    ledger.keep(ANNA, "u", 2)
    assert not ledger.reserve(ANNA, "a", 1, 10, 0.0)
