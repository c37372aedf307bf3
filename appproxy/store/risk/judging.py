"""A sign-in is judged by what the store has, and what becomes of it is written down, and teaches."""

from __future__ import annotations

from dataclasses import dataclass

from appproxy.policy.risk.features import Seen
from appproxy.policy.risk.levels import HIGH, MEDIUM, Thresholds
from appproxy.policy.risk.outcome import RiskState, SignInOutcome
from appproxy.policy.risk.scoring import Judgement, judge, with_news
from appproxy.policy.risk.signals import WINDOW, Circumstances
from appproxy.store.people.session import sessions
from appproxy.store.risk import counts, failures, risky_users, sign_ins
from appproxy.store.risk.sign_ins import JudgedSignIn
from appproxy.store.snapshot import BUILTIN
from appproxy.store.transaction import Reading, Transaction

#: An attack makes its network suspicious for so long, in seconds.
_ATTACKED = 90 * 86400.0


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Who signs in where. `session`: the id that it has or may get; `proved`: a second factor, at this sign-in."""

    provider: str
    subject: str
    name: str
    application: str
    session: str
    proved: bool


def judged(
    reading: Reading, provider: str, subject: str, seen: Seen, lists: tuple[str, ...], thresholds: Thresholds
) -> Judgement:
    """What is to be said of a sign-in. `lists`: those of the admin's that have its address."""
    history = sign_ins.teaching(reading, provider, subject, seen.time)
    address, since = seen.networks.address, seen.time - WINDOW
    failed = failures.around(reading, address, subject if provider == BUILTIN else "", seen.time)
    there, new = sign_ins.neighbours(reading, address, provider, subject, since)
    around = Circumstances(
        failed.own, failed.elsewhere, failed.others, failed.idle, there, new, lists,
        sign_ins.attacks_from(reading, address, seen.time - _ATTACKED))
    return judge(seen, history, counts.of(reading, with_news(seen, history).asked()), around, thresholds)


def concluded(tx: Transaction, judgement: Judgement, who: SigningIn, outcome: SignInOutcome, thresholds: Thresholds) -> str:
    """Write down what became of a sign-in. Gives its id; "" where there is nothing to write.

    One at risk teaches nothing before a second factor, an admin or two weeks have settled it. Of what has not passed only
    what is at risk is kept.
    """
    at_risk = judgement.level in (MEDIUM, HIGH)
    if outcome is not SignInOutcome.PASSED and not at_risk:
        return ""
    proved = who.proved and outcome is SignInOutcome.PASSED
    state = RiskState.USUAL if not at_risk else RiskState.PROVED if proved else RiskState.OPEN
    id_ = sign_ins.add(
        tx, judgement, provider=who.provider, subject=who.subject, name=who.name, session=who.session,
        application=who.application, outcome=outcome, state=state)
    if id_ and state is not RiskState.OPEN:
        counts.add(tx, judgement.seen.counted())
    settled = sign_ins.settle(tx, who.provider, who.subject, judgement.seen) if proved else []
    if settled or (id_ and state is RiskState.OPEN):
        risky_users.refresh(tx, who.provider, who.subject, who.name, thresholds)
    return id_


def confirm(tx: Transaction, id_: str) -> JudgedSignIn:
    """It was somebody else: it never teaches, its network is suspicious, the user is of high risk, and all their sessions end.

    Raises NotFound.
    """
    found = sign_ins.find(tx, id_)
    sign_ins.mark(tx, sign_ins.is_one(id_), RiskState.CONFIRMED)
    confirm_user(tx, found.provider, found.subject, found.name)
    return found


def confirm_user(tx: Transaction, provider: str, subject: str, name: str) -> None:
    """Somebody else uses the account: the user is of high risk until that is dismissed, and all their sessions end."""
    risky_users.confirm(tx, provider, subject, name)
    sessions.revoke_subject(tx, provider, subject)


def dismiss(tx: Transaction, id_: str, thresholds: Thresholds) -> JudgedSignIn:
    """It was the user: it teaches from now on, and is not held against them. Raises NotFound."""
    found = sign_ins.find(tx, id_)
    sign_ins.mark(tx, sign_ins.is_one(id_), RiskState.DISMISSED)
    if found.state in (RiskState.OPEN, RiskState.CONFIRMED):
        counts.add(tx, found.seen.counted())
    cleared = found.state is RiskState.CONFIRMED and not sign_ins.is_attacked(tx, found.provider, found.subject)
    risky_users.refresh(tx, found.provider, found.subject, found.name, thresholds, cleared=cleared)
    return found


def dismiss_user(tx: Transaction, provider: str, subject: str, name: str, thresholds: Thresholds) -> int:
    """The account is its user's alone (again). Gives how many sign-ins were held against them, which teach from now on."""
    found = sign_ins.mark(tx, sign_ins.is_open(provider, subject), RiskState.DISMISSED)
    for one in found:
        counts.add(tx, one.seen.counted())
    risky_users.refresh(tx, provider, subject, name, thresholds, cleared=True)
    return len(found)


def purge(tx: Transaction) -> None:
    """Forget what tells nothing any more."""
    sign_ins.purge(tx)
    failures.purge(tx)
    counts.fade(tx)
    risky_users.purge(tx)
