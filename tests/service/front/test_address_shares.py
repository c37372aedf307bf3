"""One address cannot have all connections: who comes in where they are short, and who goes for it."""

from __future__ import annotations

import pytest

from appproxy.service.front.address_shares import AddressShares

#: So many connections in all; two of each 16 are of the reserve.
MOST = 64
RESERVE = 8


class One:
    """A connection."""

    def __init__(self, idle: bool = True) -> None:
        self.idle = idle


class Door:
    """Lets connections in, as a listener does."""

    def __init__(self, most: int = MOST) -> None:
        self.shares: AddressShares[One] = AddressShares(most)
        self.open: dict[One, str | None] = {}
        self.gone: list[One] = []

    def come(self, owner: str | None, idle: bool = True) -> One | None:
        """One more of this address; None: it was refused."""
        admitted, evicted = self.shares.room_for(owner, len(self.open))
        if evicted is not None:
            self.go(evicted)
            self.gone.append(evicted)
        if not admitted:
            return None
        one = One(idle)
        self.open[one] = owner
        if owner is not None:
            self.shares.enter(one, owner)
        return one

    def go(self, one: One) -> None:
        del self.open[one]
        self.shares.leave(one)

    def count(self, owner: str | None) -> int:
        return list(self.open.values()).count(owner)


def test_one_address_alone_may_have_nearly_all() -> None:
    """Its oldest idle one makes room for the next, and the reserve stays free."""
    door = Door()
    first = [door.come("a") for _ in range(MOST)]
    assert None not in first
    assert (door.count("a"), door.gone) == (MOST - RESERVE, first[:RESERVE])


@pytest.mark.parametrize("most", range(1, 40))
def test_of_however_few_others_find_one(most: int) -> None:
    """From three on, an address that works on all that it may have keeps another one's first connection not out."""
    door = Door(most)
    for _ in range(2 * most):
        door.come("a", idle=False)
    assert door.count("a") == most - (max(1, most // 8) if most >= 4 else 0)
    assert (door.come("b", idle=False) is not None) == (most >= 3)


def test_a_busy_one_makes_no_room_for_its_own_address() -> None:
    """Then the next of that address is refused, and of another not."""
    door = Door()
    assert sum(door.come("a", idle=False) is not None for _ in range(2 * MOST)) == MOST - RESERVE
    assert door.come("a") is None
    assert door.come("b") is not None
    assert door.gone == []


def test_who_has_few_gets_in_whatever_one_holds() -> None:
    """First by idle ones of the largest, then out of the reserve, at last by its oldest although that works."""
    door = Door()
    quiet = [door.come("a") for _ in range(4)]
    busy = [door.come("a", idle=False) for _ in range(MOST - RESERVE - 4)]
    for number in range(4):
        assert door.come(f"b{number}") is not None
    assert door.gone == quiet
    for number in range(RESERVE):
        assert door.come(f"c{number}", idle=False) is not None
    assert (len(door.open), door.gone) == (MOST, quiet)
    for number in range(MOST):
        assert door.come(f"d{number}", idle=False) is not None or door.count("a") <= 8
    assert len(door.open) == MOST
    assert set(busy[:4]) <= set(door.gone) <= {*quiet, *busy}
    assert door.count("a") == 8


@pytest.mark.parametrize("attackers", [1, 2, 7, 20, 60])
def test_many_addresses_that_take_all_keep_nobody_out(attackers: int) -> None:
    """Each user who comes with six connections has them, whatever the others hold idle."""
    door = Door(640)
    for number in range(2 * 640):
        door.come(f"attacker {number % attackers}")
    for user in range(3):
        assert None not in [door.come(f"user {user}") for _ in range(6)]
    assert len(door.open) <= 640
    assert [door.count(f"user {user}") for user in range(3)] == [6] * 3


def test_equals_do_not_push_each_other_out() -> None:
    """Where everybody has few, the last is refused; of idle ones, the largest has to share."""
    door = Door()
    for number in range(MOST):
        door.come(f"user {number}")
    assert door.come("late") is None
    assert door.gone == []
    door = Door()
    for number in range(MOST):
        door.come(f"user {number % 32}")
    assert door.come("late") is not None
    assert len(door.gone) == 1


def test_work_is_not_broken_for_one_who_has_as_much() -> None:
    """Two offices: the second one's next is refused."""
    door = Door()
    for _ in range(30):
        door.come("a", idle=False)
    for _ in range(26):
        door.come("b", idle=False)
    assert door.come("b", idle=False) is None
    assert door.gone == []


def test_a_trusted_proxy_has_no_share() -> None:
    """It may take all, and gives nothing; where an address has many, that gives way to it."""
    door = Door()
    assert None not in [door.come(None) for _ in range(MOST)]
    assert door.come(None) is None
    assert door.come("a") is None
    door = Door()
    for _ in range(MOST):
        door.come("a", idle=False)
    for _ in range(MOST):
        door.come(None, idle=False)
    assert (door.count("a"), door.count(None)) == (8, MOST - 8)


def test_a_look_for_an_idle_one_is_short() -> None:
    """However many are busy; the next look goes on behind them."""
    door = Door(1024)
    looks: list[One] = []

    class Looked(One):
        @property
        def idle(self) -> bool:
            looks.append(self)
            return False

        @idle.setter
        def idle(self, value: bool) -> None:
            """It never is."""

    for _ in range(896):
        one = Looked()
        door.open[one] = "a"
        door.shares.enter(one, "a")
    for _ in range(8):
        door.come("b", idle=False)
    assert len(looks) == len(set(looks)) == 8 * 16


def test_leaving_twice_is_as_once() -> None:
    """Who was told to go is forgotten at once."""
    door = Door()
    one = door.come("a")
    assert one is not None
    door.shares.leave(one)
    door.shares.leave(one)
    assert [door.come("a") is not None for _ in range(3)] == [True] * 3
