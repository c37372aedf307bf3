"""What a node is made with beside its settings and its store: sign-in, and the pages of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appproxy.service.dispatch.gates.provider_tokens import TokenBook
from appproxy.service.dispatch.gates.sign_in_start import SignInStart
from appproxy.service.dispatch.stages.kept_forms import FormStore, KeptStart
from appproxy.service.exchange.exchange import Handler
from appproxy.service.signin.sessions.renewal import Renewal
from appproxy.store.service.note import Note


@dataclass(frozen=True, slots=True)
class NodeSignIn:
    """How users and programs sign in. `note` keeps entries of the audit that nobody waits for. `renewal` makes cookies again
    while they are used, `tokens` judges access tokens of providers, `forms` keeps what was posted while its sender signs in;
    None: that is not done.
    """

    start: SignInStart
    note: Note
    renewal: Renewal | None = None
    tokens: TokenBook | None = None
    forms: tuple[FormStore, KeptStart] | None = None


@dataclass(frozen=True, slots=True)
class OwnPages:
    """What the service answers itself: on hosts of its own, by name, and below `/.appproxy/` on those of applications."""

    hosts: Mapping[str, Handler]
    paths: Handler
