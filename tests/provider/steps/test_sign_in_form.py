"""The form for user name and password."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from appproxy.provider.passwords.authenticator import LONGEST_NAME
from appproxy.provider.passwords.rules import hash_password
from appproxy.provider.steps.sign_in_form import PARAMETERS, TO_ACCOUNT, application_name, resume
from appproxy.store.database.store import Store
from appproxy.store.people import users
from appproxy.store.people.factors import authenticator_apps, second_factor_rules
from tests.provider.house import CHEAP, PASSWORD, Browser, Flow, House, sign_in
from tests.provider.security_key import SecurityKey
from tests.provider.steps.walking import SECRET, keep_key, options


class TestNoOracle:
    """Before the password is right, nothing tells who there is and what they have."""

    def test_the_same_page_and_the_same_questions(
        self, browser: Browser, wiki: Flow, house: House, ann: str, store: Store
    ) -> None:
        """For nobody, users without a factor and with each of them, and who was invited: one page, the same statements."""
        for name in ("app", "key", "invited", "must"):
            made = house.write(users.add, name, "" if name == "invited" else hash_password(PASSWORD, CHEAP),
                               "", "", ["vault"] if name == "must" else [])
            if name == "app":
                house.write(authenticator_apps.add, made.id, "phone", SECRET, 0)
            if name == "key":
                house.write(keep_key, made.id, SecurityKey())
        house.write(second_factor_rules.put, "vault", 0)
        # The very first entry about nobody begins a chain of the audit.
        sign_in(Browser(house.root), wiki, "somebody", "wrong horse")
        asked: list[str] = []
        event.listen(store.engine, "after_cursor_execute", lambda *given: asked.append(given[2]))
        seen = set()
        for name in ("nobody", "ann", "app", "key", "invited", "must"):
            asked.clear()
            page = sign_in(Browser(house.root), wiki, name, "wrong horse")
            text = re.sub('value="[^"]*"|data-(resume|passkey)="[^"]*"', "", page.text)
            seen.add((page.status, text, tuple(asked)))
        assert len(seen) == 1, [(status, len(text), len(questions)) for status, text, questions in seen]


class TestForm:
    def test_what_was_typed_before(self, browser: Browser, wiki: Flow) -> None:
        """Is there again as a text, cut to what a name can have; the password is not."""
        page = browser.get("/authorize", wiki.query())
        name = '"><script>' + "x" * 2 * LONGEST_NAME
        answer = browser.post("/sign-in", {"csrf": page.csrf, "username": name, "password": "wrong horse"})
        shown = re.search('name="username" type="text" value="([^"]*)"', answer.text)[1]  # type: ignore[index]
        assert unescape(shown) == name[:LONGEST_NAME] and "wrong horse" not in answer.text

    def test_each_form_has_a_challenge_of_its_own(self, browser: Browser, wiki: Flow) -> None:
        """A passkey's answer to one is none to the other."""
        assert len({options(browser.get("/authorize", wiki.query())) for _ in range(3)}) == 3

    def test_it_is_kept_nowhere(self, browser: Browser, wiki: Flow) -> None:
        """Neither by the browser nor by what is on the way; its scripts are those alone that it was made with."""
        fields = browser.get("/authorize", wiki.query()).fields
        assert fields["cache-control"] == ["no-store"]
        (policy,) = fields["content-security-policy"]
        assert policy.count("'sha256-") == 2 and "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]


@pytest.mark.parametrize("given", [{}, {"client_id": ""}, {"client_id": "nobody"}])
def test_a_request_of_nobody_known(house: House, given: dict[str, str]) -> None:
    """Names no application."""
    assert application_name(house.provider.facts, given) == ""


def test_the_name_of_where_users_go_on_to(house: House, wiki: Flow) -> None:
    """An application's; and the account's, whatever else such a sign-in has."""
    assert application_name(house.provider.facts, {"client_id": wiki.client_id}) == "wiki"
    assert application_name(house.provider.facts, {"client_id": wiki.client_id, **PARAMETERS}) == "your account"


#: Of any request: none brings the one by which a form leads to the account.
names = st.text(min_size=1, max_size=8).filter(lambda name: name != TO_ACCOUNT)


@given(st.dictionaries(names, st.text(max_size=12), max_size=4))
def test_a_request_goes_on_as_it_was(parameters: dict[str, str]) -> None:
    """Whatever is in it comes back as it was, and leads nowhere else."""
    path, _, query = resume(parameters).partition("?")
    assert path == "/authorize" and dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))) == parameters
    assert resume({**parameters, **PARAMETERS}) == "/account"
