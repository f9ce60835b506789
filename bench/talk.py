"""What is said in a benchmark: what goes up, and what comes down for it."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

PLAIN, ID_SECOND, ID_FIRST = SHAPES = ("plain", "id-second", "id-first")

SPOKEN = 0.4
"""The share of a turn that is speech."""


@dataclass(frozen=True, slots=True)
class Talk:
    """How much is said.

    Attributes:
        append_bytes: size of each event up.
        delta_bytes: sizes of the deltas that answer, sent at once.
        answer_every: how many appends it takes to be answered; the last of them is.
        shape: how clients write an append, see `bench.wire.append_template`.
        in_bytes: the peer has its audio in bytes; see `relay.core.binary_audio`.
        turn_appends: in each so many appends the upstream hears speech for `SPOKEN` of them; 0 where it never does.
    """

    append_bytes: int
    delta_bytes: tuple[int, ...]
    answer_every: int = 1
    shape: str = PLAIN
    in_bytes: bool = False
    turn_appends: int = 0

    @property
    def deltas_per_append(self) -> float:
        """How many deltas come down for an append, on average."""
        return len(self.delta_bytes) / self.answer_every

    def is_answered(self, sequence: int) -> bool:
        """Whether the append of that sequence number, counted from 0, is one that is answered."""
        return (sequence + 1) % self.answer_every == 0

    def speech(self, sequence: int) -> str:
        """What the upstream says of speech after that append: that it has `started`, that it has `stopped`, or ""."""
        if not self.turn_appends:
            return ""
        place = sequence % self.turn_appends
        return {0: "started", round(self.turn_appends * SPOKEN): "stopped"}.get(place, "")

    def answers(self, first_sequence: int) -> Iterator[tuple[int, int, int]]:
        """What must come down, in order, for ever: sequence number, part and bytes."""
        sequence = first_sequence
        while True:
            if self.is_answered(sequence):
                for part, size in enumerate(self.delta_bytes):
                    yield sequence, part, size
            sequence += 1

    def arguments(self) -> list[str]:
        """This talk, on a command line."""
        sizes = ",".join(map(str, self.delta_bytes))
        return [
            f"--append-bytes={self.append_bytes}",
            f"--delta-bytes={sizes}",
            f"--answer-every={self.answer_every}",
            f"--shape={self.shape}",
            f"--turn-appends={self.turn_appends}",
            *(["--in-bytes"] if self.in_bytes else []),
        ]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Let a command take a talk."""
    parser.add_argument("--append-bytes", type=int, default=2600, help="size of an event up [2600]")
    parser.add_argument("--delta-bytes", default="2600", help="sizes of the deltas that answer, with commas [2600]")
    parser.add_argument("--shape", choices=SHAPES, default=PLAIN, help="how clients write an append [plain]")
    parser.add_argument("--in-bytes", action="store_true", help="the peer has its audio in bytes")
    parser.add_argument("--turn-appends", type=int, default=0, help="hear a turn in each so many appends [none]")
    parser.add_argument("--answer-every", type=int, default=1, help="answer each Nth append [1]")


def talk_from(arguments: argparse.Namespace) -> Talk:
    """The talk that a command was given."""
    sizes = tuple(map(int, arguments.delta_bytes.split(",")))
    shape, in_bytes = arguments.shape, arguments.in_bytes
    return Talk(arguments.append_bytes, sizes, arguments.answer_every, shape, in_bytes, arguments.turn_appends)
