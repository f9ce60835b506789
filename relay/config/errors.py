"""What somebody has written and cannot be used: the settings of an operator, or the request of a caller."""


class SettingsError(ValueError):
    """The settings cannot be used; the words say which, why, and what to do."""


class RequestInvalid(ValueError):  # noqa: N818 - the fact, not the fault
    """What a caller has to mend in its request. The words begin with the field."""
