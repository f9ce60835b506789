"""Which of the sessions that see one call pays for it.

A call may be watched by several: the relay's own session that meters it, the app's sideband, a second one. Each is told
of all that is used, and the API bills it once. So the first of those that are still here pays.
"""

from collections import defaultdict
from typing import Self


class Place:
    """A session's place among those that see the same call, while its context is open."""

    def __init__(self, places: "defaultdict[str, list[Place]] | None" = None) -> None:
        self._places = places
        self._call_id: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    @property
    def pays(self) -> bool:
        """Whether it is this session that pays."""
        return self._call_id is None or self._places is None or self._places[self._call_id][0] is self

    def name(self, call_id: object) -> None:
        """Say which call it is, once that is known; it does not change."""
        if self._places is not None and self._call_id is None and isinstance(call_id, str):
            self._call_id = call_id
            self._places[call_id].append(self)

    def leave(self) -> None:
        """See nothing any more."""
        if self._places is not None and self._call_id is not None:
            self._places[self._call_id].remove(self)
            if not self._places[self._call_id]:
                del self._places[self._call_id]
            self._call_id = None


class Payers:
    """Those of this process."""

    def __init__(self) -> None:
        self._places: defaultdict[str, list[Place]] = defaultdict(list)

    def __len__(self) -> int:
        return len(self._places)

    def place(self, call_id: str | None) -> Place:
        """A place behind those that see the call already; None where it is not known yet which call it is."""
        place = Place(self._places)
        place.name(call_id)
        return place
