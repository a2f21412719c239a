"""Questions that come back to themselves are answered in bounded work, whoever asks first."""

from __future__ import annotations

from unclosed.infer.recursion import Recursion


class Crowd:
    """Each member's answer is the smallest number among its own and the answers of all others: a complete graph of questions."""

    def __init__(self, size: int) -> None:
        self._size, self._recursion = size, Recursion()
        self.kept: dict[int, int | None] = {}
        self.found = 0

    def ask(self, member: int) -> int | None:
        """The answer of one member."""
        if member in self.kept:
            return self.kept[member]
        return self._recursion.answer(member, lambda: self._find(member), lambda value: self.kept.__setitem__(member, value))

    def _find(self, member: int) -> int | None:
        self.found += 1
        answers = [self.ask(other) for other in range(self._size) if other != member]
        return min([member, *(answer for answer in answers if answer is not None)])


def test_a_circle_of_questions_is_gone_through_once() -> None:
    """Forty questions that all ask each other: a way for each of them would never end."""
    crowd = Crowd(40)
    assert crowd.ask(7) == 0
    assert crowd.found == 40


def test_only_the_outermost_answer_is_kept() -> None:
    """What rests on an unfinished question is good for the moment alone."""
    crowd = Crowd(5)
    crowd.ask(3)
    assert crowd.kept == {3: 0}


def test_whoever_asks_first_gets_the_same() -> None:
    """Every member, alone and after all others."""
    alone = [Crowd(6).ask(member) for member in range(6)]
    together = Crowd(6)
    assert [together.ask(member) for member in range(6)] == alone
