"""What a person meets: the form, the session with which the next application does not ask again, and refusals."""

from __future__ import annotations

import base64
import re
from hashlib import sha256
from html import unescape

import pytest
from twisted.web.resource import Resource

from appproxy.net.chance import TimeAndChance
from appproxy.provider import BuiltInProvider
from appproxy.provider.passwords.authenticator import LONGEST_NAME
from appproxy.provider.passwords.checker import MOST_OF_ONE, THREADS, PasswordWork
from appproxy.provider.passwords.rules import hash_password
from appproxy.provider.tokens import FORM_LIFETIME, SESSION_LIFETIME
from appproxy.store.database.store import Store
from appproxy.store.people import providers, users
from appproxy.store.people.session import rows as session_rows
from appproxy.store.people.session import sessions
from appproxy.store.service import audit
from appproxy.store.snapshot import BUILTIN
from tests.provider.house import CHEAP, ISSUER, PASSWORD, Browser, Flow, House, Now, Page, claims, sign_in, tokens
from tests.provider.passwords.test_checker import Later
from tests.store.people.session.test_rows import made

SESSION = "__Host-appproxy-session"


def is_form(page: Page) -> bool:
    """Does the page ask for a password?"""
    return 'type="password"' in page.text


class TestForm:
    def test_safe_to_show(self, browser: Browser, wiki: Flow) -> None:
        """The form is kept by no cache, shown in no frame, and runs no script but its own, to the letter."""
        page = browser.get("/authorize", wiki.query())
        assert page.fields["cache-control"] == ["no-store"]
        assert page.fields["x-frame-options"] == ["DENY"]
        [policy] = page.fields["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "'unsafe-inline'" not in policy
        scripts = re.findall("<script>(.*?)</script>", page.text, re.S)
        hashed = [base64.b64encode(sha256(script.encode()).digest()).decode() for script in scripts]
        assert len(scripts) == 2
        assert re.search("script-src ([^;]*)", policy)[1] == " ".join(f"'sha256-{one}'" for one in hashed)  # type: ignore[index]
        assert page.fields["content-type"] == ["text/html; charset=utf-8"]

    def test_nothing_typed_becomes_markup(self, browser: Browser, wiki: Flow) -> None:
        """A name with markup in it comes back as text."""
        evil = '"><script>alert(1)</script>'
        wiki.more = {"login_hint": evil}
        shown = browser.get("/authorize", wiki.query())
        again = browser.post("/sign-in", {"csrf": shown.csrf, "username": evil, "password": "x"})
        for page in (shown, again):
            assert "&lt;script&gt;" in page.text
            assert page.text.count("<script") == 2, "our own"

    def test_the_password_never_comes_back(self, browser: Browser, wiki: Flow) -> None:
        """After a wrong password the name is still there and the password is not."""
        page = sign_in(browser, wiki, password="canary-in-the-mine")
        assert is_form(page)
        assert 'value="ann"' in page.text
        assert "canary" not in page.text

    def test_a_long_name_comes_back_shortened(self, browser: Browser, wiki: Flow) -> None:
        """However long the typed name, the page stays small."""
        page = sign_in(browser, wiki, name="x" * 5000)
        assert "x" * LONGEST_NAME in page.text
        assert "x" * (LONGEST_NAME + 1) not in page.text

    def test_two_tabs(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Two forms that are open side by side both work."""
        first = browser.get("/authorize", wiki.query())
        second = browser.get("/authorize", Flow(house.application("files").id).query())
        for form in (first, second):
            answer = browser.post("/sign-in", {"csrf": form.csrf, "username": "ann", "password": PASSWORD})
            assert answer.status == 303

    def test_a_form_lasts_over_lunch(self, browser: Browser, house: House, wiki: Flow) -> None:
        """A form that was left open for hours is taken; after still more of them it is shown once more."""
        form = browser.get("/authorize", wiki.query())
        house.clock.advance(FORM_LIFETIME - 1)
        posted = {"csrf": form.csrf, "username": "ann", "password": PASSWORD}
        assert Browser(house.root, dict(browser.cookies)).post("/sign-in", posted).status == 303
        house.clock.advance(1)
        answer = browser.post("/sign-in", posted)
        assert answer.status == 400
        assert is_form(answer)
        assert "open for too long" in answer.text
        assert 'value="ann"' in answer.text
        assert browser.post("/sign-in", {**posted, "csrf": answer.csrf}).query["state"] == "the state"

    def test_a_form_whose_cookie_was_lost(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Nobody is sent away: the form comes once more, with a new cookie."""
        posted = {"csrf": browser.get("/authorize", wiki.query()).csrf, "username": "ann", "password": PASSWORD}
        browser = Browser(house.root)
        answer = browser.post("/sign-in", posted)
        assert (answer.status, is_form(answer)) == (400, True)
        assert SESSION not in browser.cookies
        assert browser.post("/sign-in", {**posted, "csrf": answer.csrf}).status == 303

    def test_a_broken_request_leads_to_the_application(self, browser: Browser, wiki: Flow) -> None:
        """An authorization request that cannot be answered anywhere has a link to the application all the same."""
        page = browser.get("/authorize", {**wiki.query(), "redirect_uri": "https://evil.example/"})
        assert page.status == 400
        assert '<a href="https://wiki.example.com/">' in page.text
        assert "evil" not in page.text


    def test_a_forged_form_leads_to_the_list_of_applications(self, browser: Browser) -> None:
        """Where nothing tells what a form was for, the page still has a way on."""
        page = browser.post("/sign-in", {"csrf": "forged", "username": "ann", "password": PASSWORD})
        assert page.status == 400
        assert '<a href="https://apps.example.com/">' in page.text


class TestResume:
    def test_where_the_page_leads_with_a_session(self, browser: Browser, wiki: Flow) -> None:
        """The page knows its own address, also after a wrong password, so that it can go on when another tab signs in."""
        for page in (browser.get("/authorize", wiki.query()), sign_in(browser, wiki, password="wrong horse")):
            resume = unescape(re.findall('data-resume="([^"]*)"', page.text)[0])
            assert is_form(browser.get(resume))
        sign_in(browser, wiki)
        assert browser.get(resume).query["code"]
        assert browser.get(resume).query["state"] == "the state"


class TestTabs:
    """Tabs of one browser that all show the form."""

    def test_any_of_them_may_be_filled_in(self, house: House, wiki: Flow) -> None:
        """Opened at the same moment, each was answered before the browser had a cookie: each form counts."""
        for chosen in range(3):
            forms = []
            cookies: dict[str, str] = {}
            for _ in range(3):
                tab = Browser(house.root)
                forms.append(tab.get("/authorize", wiki.query()))
                cookies.update(tab.cookies)
            posted = {"csrf": forms[chosen].csrf, "username": "ann", "password": PASSWORD}
            answer = Browser(house.root, cookies).post("/sign-in", posted)
            assert answer.query["code"]

    @pytest.mark.parametrize("lost", [False, True])
    def test_the_others_go_on_with_the_session(self, browser: Browser, house: House, wiki: Flow, lost: bool) -> None:
        """After one has signed in, posting another one's form leads on, whatever was typed there, also without its cookie."""
        form = browser.get("/authorize", Flow(house.application("files").id).query())
        sign_in(browser, wiki)
        if lost:
            browser = Browser(house.root, {SESSION: browser.cookies[SESSION]})
        answer = browser.post("/sign-in", {"csrf": form.csrf, "username": "ann", "password": "mistyped"})
        assert answer.query["code"]

    def test_another_user_is_another_sign_in(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Who types another name wants to be somebody else, and has to prove it."""
        house.write(users.add, "bob", hash_password(PASSWORD, CHEAP), "Bob", "", [])
        form = browser.get("/authorize", wiki.query())
        sign_in(browser, wiki)
        before = browser.cookies[SESSION]
        posted = {"csrf": form.csrf, "username": "bob", "password": "wrong horse"}
        assert browser.post("/sign-in", posted).status == 403
        assert browser.cookies[SESSION] == before
        assert browser.post("/sign-in", {**posted, "password": PASSWORD}).status == 303
        assert browser.cookies[SESSION] != before

    def test_a_session_is_not_enough_where_a_password_is_wanted(self, browser: Browser, wiki: Flow) -> None:
        """A form that is shown to a user with a session, because the application wants a fresh proof, wants the password."""
        sign_in(browser, wiki)
        wiki.more = {"prompt": "login"}
        assert sign_in(browser, wiki, password="wrong horse").status == 403
        wiki.more = {"max_age": "0"}
        assert sign_in(browser, wiki, password="wrong horse").status == 403


class TestForgedForms:
    def test_without_the_hidden_field(self, browser: Browser, wiki: Flow) -> None:
        """A post without the form's own field signs nobody in."""
        browser.get("/authorize", wiki.query())
        for csrf in ("", "forged", "AQE" + "A" * 60):
            answer = browser.post("/sign-in", {"csrf": csrf, "username": "ann", "password": PASSWORD})
            assert answer.status == 400
            assert SESSION not in browser.cookies

    def test_with_the_field_of_another_browser(
        self, browser: Browser, browser_of_another: Browser, wiki: Flow
    ) -> None:
        """Nobody can make another's browser sign in with a form that they got themselves."""
        theirs = browser_of_another.get("/authorize", wiki.query())
        for _ in range(2):
            answer = browser.post("/sign-in", {"csrf": theirs.csrf, "username": "ann", "password": PASSWORD})
            assert answer.status == 400
            browser.get("/authorize", wiki.query())
        assert SESSION not in browser.cookies

    def test_from_another_site(self, browser: Browser, wiki: Flow) -> None:
        """A post that another site's page has sent is refused, even with the right field."""
        form = browser.get("/authorize", wiki.query())
        posted = {"csrf": form.csrf, "username": "ann", "password": PASSWORD}
        for origin in ("https://evil.example", "null", "https://wiki.example.com", "http://signin.example.com"):
            assert browser.post("/sign-in", posted, origin=origin).status == 400
        assert browser.post("/sign-in", posted, origin="https://signin.example.com").status == 303

    def test_the_field_of_the_sign_out_form(self, browser: Browser, wiki: Flow) -> None:
        """The field of one form is none for another."""
        sign_in(browser, wiki)
        out = browser.get("/logout")
        answer = browser.post("/sign-in", {"csrf": out.csrf, "username": "ann", "password": PASSWORD})
        assert answer.status == 400

    def test_not_by_address(self, browser: Browser) -> None:
        """A password in an address, which ends in logs, is refused."""
        assert browser.get("/sign-in", {"username": "ann", "password": PASSWORD}).status == 405


class TestPassword:
    @pytest.mark.parametrize("name", ["ann", "ANN", " ann ", "\uff41\uff4e\uff4e"])
    def test_names_are_read_kindly(self, browser: Browser, wiki: Flow, name: str) -> None:
        """Capitals, wide letters and spaces around the name do no harm."""
        assert sign_in(browser, wiki, name=name).status == 303

    @pytest.mark.parametrize(
        ("name", "password"),
        [("ann", "wrong horse"), ("ann", ""), ("bob", PASSWORD), ("", PASSWORD), ("ann" + "x" * 300, PASSWORD),
         ("ann@evil", PASSWORD), ("an%", PASSWORD), ("' or 1=1 --", PASSWORD), ("ann", "p" * 2000)],
    )
    def test_one_answer_to_all_that_is_wrong(
        self, browser: Browser, wiki: Flow, name: str, password: str
    ) -> None:
        """A wrong name and a wrong password get the same answer, and no session."""
        page = sign_in(browser, wiki, name, password)
        assert page.status == 403
        assert "The user name or the password is wrong." in page.text
        assert SESSION not in browser.cookies

    def test_disabled(self, browser: Browser, house: House, wiki: Flow) -> None:
        """A disabled user is refused like a wrong password, so that nobody learns that the password was right."""
        house.write(users.disable, "ann")
        page = sign_in(browser, wiki)
        assert page.status == 403
        assert "The user name or the password is wrong." in page.text
        assert house.read(audit.list_recent)[0].detail["reason"] == "disabled"

    def test_id_is_no_name(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Users sign in by name; their id, which applications know, is none."""
        assert sign_in(browser, wiki, name=house.read(users.find, "ann").id).status == 403

    def test_a_hash_of_older_parameters_is_made_anew(self, browser: Browser, house: House, wiki: Flow) -> None:
        """A password that was kept under weaker parameters is kept under today's after the next sign-in."""
        ann = house.read(users.find, "ann")
        weak = hash_password(PASSWORD, type(CHEAP)(time_cost=1, memory_cost=16, parallelism=1))
        house.write(users.improve_hash, ann.id, ann.password_hash, weak)
        sign_in(browser, wiki, password="wrong horse")
        assert house.read(users.find, "ann").password_hash == weak
        code = sign_in(browser, wiki).query["code"]
        assert "m=8," in house.read(users.find, "ann").password_hash
        assert browser.post("/token", wiki.token_form(code)).status == 200


class TestThrottle:
    def guesses(self, browser: Browser, wiki: Flow, name: str = "ann") -> Page:
        """Wrong passwords, until one is not looked at."""
        for number in range(100):
            page = sign_in(browser, wiki, name, f"guess number {number}")
            if page.status != 403:
                return page
        raise AssertionError("a hundred guesses")

    def test_guessing(self, browser: Browser, house: House, wiki: Flow) -> None:
        """After some wrong passwords the right one has to wait too, and the page says what for and how long; then it works."""
        page = self.guesses(browser, wiki)
        assert page.status == 429
        seconds = int(page.fields["retry-after"][0])
        assert "too many attempts to sign in with this user name" in page.text
        assert f"You can try again in {-(-seconds // 60)} minutes" in page.text
        assert is_form(page)
        assert sign_in(browser, wiki).status == 429
        assert SESSION not in browser.cookies
        house.clock.advance(seconds)
        assert sign_in(browser, wiki).status == 303

    def test_unknown_names_are_throttled_alike(self, browser: Browser, wiki: Flow) -> None:
        """That guessing slows down does not tell whether the name exists: the pages are the same to the letter."""
        pages = [self.guesses(browser, wiki, name) for name in ("ann", "nobody")]
        texts = [re.sub('value="[^"]*"|data-(resume|passkey)="[^"]*"', "", page.text) for page in pages]
        assert texts[0] == texts[1]

    def test_very_long_names_share_a_counter_with_their_beginning(self, browser: Browser, wiki: Flow) -> None:
        """Memory for names is bounded, also for names that go on and on."""
        pages = [sign_in(browser, wiki, "x" * LONGEST_NAME + str(number), str(number)) for number in range(20)]
        assert pages[-1].status == 429

    def test_from_one_address_at_many_names(self, browser: Browser, wiki: Flow) -> None:
        """The page says that it is the network, and not the user."""
        for number in range(100):
            page = sign_in(browser, wiki, f"user{number}", "Summer2026!")
        assert page.status == 429
        assert "too many attempts from your network" in page.text

    def test_a_known_browser_is_not_concerned(self, browser: Browser, browser_of_another: Browser, wiki: Flow) -> None:
        """Who has signed in here before signs in, whatever others do to the name or from the same address."""
        assert sign_in(browser, wiki).status == 303
        device = {"__Host-appproxy-device": browser.cookies["__Host-appproxy-device"]}
        for number in range(100):
            sign_in(browser_of_another, wiki, f"user{number}", "x")
        assert self.guesses(browser_of_another, wiki).status == 429
        again = Browser(browser.root, device)
        assert sign_in(again, wiki).status == 303

    def test_too_many_wrong_ones_in_a_known_browser(self, browser: Browser, wiki: Flow) -> None:
        """Has a text of its own."""
        sign_in(browser, wiki)
        wiki.more = {"prompt": "login"}
        assert "Too many wrong passwords in this browser" in self.guesses(browser, wiki).text

    def test_the_device_cookie(self, browser: Browser, house: House, wiki: Flow) -> None:
        """It lasts for half a year, tells nothing, and signs nobody in."""
        answer = sign_in(browser, wiki)
        [line] = [line for line in answer.fields["set-cookie"] if line.startswith("__Host-appproxy-device=")]
        assert f"Max-Age={180 * 86400}" in line
        assert is_form(Browser(house.root, {"__Host-appproxy-device": browser.cookies["__Host-appproxy-device"]}).get(
            "/authorize", wiki.query()))

    def test_too_busy(self, house: House, wiki: Flow) -> None:
        """The page says so, with 503 and when to come back, and nothing that was typed as name is lost."""
        later = Later()
        provider = BuiltInProvider(
            house.live, ISSUER, house.clock, TimeAndChance(Now(house.clock)), work=PasswordWork(CHEAP, later))
        root = Resource()
        for name, child in provider.resources().items():
            root.putChild(name, child)
        form = Browser(root).get("/authorize", wiki.query())
        browser = Browser(root)
        form = browser.get("/authorize", wiki.query())
        for number in range(MOST_OF_ONE + THREADS):
            browser.leave("/sign-in", {"csrf": form.csrf, "username": f"u{number % 20}", "password": str(number)})
        page = browser.post("/sign-in", {"csrf": form.csrf, "username": "ann", "password": PASSWORD})
        assert page.status == 503
        assert page.fields["retry-after"] == ["5"]
        assert "Too many people are signing in" in page.text
        assert 'value="ann"' in page.text
        # All are answered: what still waited at the end of the tests would complain then.
        later.work_off()


class TestRates:
    @pytest.mark.parametrize(
        ("method", "path", "most"),
        [("POST", "/sign-in", 600), ("POST", "/token", 100), ("GET", "/userinfo", 100), ("GET", "/jwks", 100),
         ("POST", "/consent", 600)],
    )
    def test_one_address(self, browser: Browser, house: House, method: str, path: str, most: int) -> None:
        """What is asked too often is answered with 429 and when to come back, before anything is done."""
        for _ in range(most - 1):
            browser.request(method, path, b"")
        assert browser.request(method, path, b"").status != 429
        refused = browser.request(method, path, b"")
        assert refused.status == 429
        assert refused.fields["retry-after"] == ["1"]
        house.clock.advance(1)
        assert browser.request(method, path, b"").status != 429


    def test_who_only_passes_by(self, browser: Browser, house: House) -> None:
        """Each sign-in at a relying party goes through the page: it lets as many through as `/authorize`, and they are no
        answers to a form.
        """
        assert {browser.request("GET", "/consent", b"").status == 429 for _ in range(3000)} == {False}
        assert browser.request("GET", "/consent", b"").status == 429
        assert browser.request("POST", "/consent", b"").status != 429


class TestAudit:
    def test_a_guesser_does_not_fill_it(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Of one network some failures an hour are written down one by one, and of the rest the number."""
        for number in range(60):
            sign_in(browser, wiki, f"user{number % 30}", f"guess {number}")
        rows = [row for row in house.read(audit.list_recent, 200) if row.action == "user.sign_in_failed"]
        assert len(rows) == 20
        house.clock.pump([60.0] * 62)
        [summary] = [row for row in house.read(audit.list_recent, 200) if "more" in row.detail]
        assert summary.detail["address"] == "127.0.0.1"
        assert summary.detail["more"] == 60 - 20
        assert summary.actor == "anonymous"

    def test_a_program_does_not_fill_it(self, browser: Browser, house: House, store: Store, wiki: Flow) -> None:
        """With the right password neither: the first is there at once, and of many the number, also when the service stops."""
        wiki.more = {"prompt": "login"}
        for _ in range(30):
            assert sign_in(browser, wiki).status == 303
        rows = [row for row in house.read(audit.list_recent, 200) if row.action == "user.sign_in"]
        assert len(rows) == 20
        house.live.stop()
        with store.reading() as reading:
            [row] = audit.list_recent(reading, 1)
        assert (row.actor, row.action) == ("user:ann", "user.sign_in")
        assert row.detail == {"provider": "builtin", "address": "127.0.0.1", "more": 10}

    def test_a_program_with_an_old_password_is_seen(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Each hour an entry says how often it came, for whom and from where."""
        for _ in range(10):
            sign_in(browser, wiki, password="old horse")
        ann = house.read(users.find, "ann")
        [first] = [row for row in house.read(audit.list_recent, 200) if row.action == "user.sign_in_failed"]
        assert first.detail["reason"] == "wrong password"
        house.clock.pump([60.0] * 62)
        [summary] = [row for row in house.read(audit.list_recent, 200) if "more" in row.detail]
        assert (summary.actor, summary.action, summary.target) == ("anonymous", "user.sign_in_failed", ann.id)
        assert summary.detail == {
            "provider": "builtin", "address": "127.0.0.1", "more": 9, "reason": "the same wrong password again"}

    def test_sign_ins_are_recorded(self, browser: Browser, house: House, wiki: Flow) -> None:
        """The audit shows who signed in from where, and which sign-ins failed for what reason."""
        sign_in(browser, wiki, password="wrong horse")
        sign_in(browser, wiki, name="my secret", password="my secret")
        sign_in(browser, wiki)
        ann = house.read(users.find, "ann")
        right, nobody, wrong = house.read(audit.list_recent, 3)
        assert (right.actor, right.action, right.target) == ("user:ann", "user.sign_in", ann.id)
        assert right.detail["address"] == "127.0.0.1"
        assert (wrong.action, wrong.target, wrong.detail["reason"]) == (
            "user.sign_in_failed", ann.id, "wrong password",
        )  # fmt: skip
        assert (nobody.action, nobody.target, nobody.detail["reason"]) == ("user.sign_in_failed", "", "no such user")

    def test_nothing_typed_is_recorded(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Neither a password nor what was typed as name of nobody, which may be a password, is written down."""
        sign_in(browser, wiki, name="canary-one", password="canary-two")
        sign_in(browser, wiki, password="canary-three")
        assert "canary" not in repr(house.read(audit.list_recent))


class TestSession:
    def test_the_second_application_does_not_ask(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Who is signed in comes to the next application without typing the password again."""
        sign_in(browser, wiki)
        answer = browser.get("/authorize", Flow(house.application("files").id).query())
        assert answer.status == 303
        assert answer.query["code"]

    def test_a_new_value_at_each_sign_in(self, browser: Browser, wiki: Flow) -> None:
        """Signing in never keeps an old session, which somebody may know."""
        sign_in(browser, wiki)
        old = browser.cookies[SESSION]
        wiki.more = {"prompt": "login"}
        sign_in(browser, wiki)
        assert browser.cookies[SESSION] != old

    @pytest.mark.parametrize("cookie", ["", "forged", "AQE" + "A" * 100, "A" * 8000])
    def test_a_forged_session(self, browser: Browser, wiki: Flow, cookie: str) -> None:
        """A made-up cookie is no session."""
        browser.cookies[SESSION] = cookie
        assert is_form(browser.get("/authorize", wiki.query()))

    def test_other_sealed_texts_are_no_session(self, browser: Browser, wiki: Flow) -> None:
        """What the provider sealed for another purpose is no session."""
        code = sign_in(browser, wiki).query["code"]
        for text in (code, browser.get("/authorize", {**wiki.query(), "prompt": "login"}).csrf):
            browser.cookies[SESSION] = text
            assert is_form(browser.get("/authorize", wiki.query()))

    def test_ends_after_twelve_hours(self, browser: Browser, house: House, wiki: Flow) -> None:
        """After a working day the password is asked for again."""
        house.write(lambda tx: providers.change(tx, BUILTIN, idle_minutes=0.0))
        sign_in(browser, wiki)
        house.clock.advance(SESSION_LIFETIME - 1)
        assert browser.get("/authorize", wiki.query()).status == 303
        house.clock.advance(1)
        assert is_form(browser.get("/authorize", wiki.query()))

    def test_ends_as_settings_say(self, browser: Browser, house: House, wiki: Flow) -> None:
        """`session_hours` after the password was typed, tokens included, and for sessions from before at once."""
        code = sign_in(browser, wiki).query["code"]
        house.write(lambda tx: providers.change(tx, BUILTIN, session_hours=1.0))
        assert claims(tokens(browser, wiki, code)["id_token"])["exp"] == house.now + 3600
        house.clock.advance(3599)
        assert browser.get("/authorize", wiki.query()).status == 303
        house.clock.advance(1)
        assert is_form(browser.get("/authorize", wiki.query()))

    def test_ends_after_a_pause(self, browser: Browser, house: House, wiki: Flow) -> None:
        """Of `idle_minutes`, in which nothing was asked of any application that was opened with it."""
        house.write(lambda tx: providers.change(tx, BUILTIN, idle_minutes=30.0))
        sid = claims(tokens(browser, wiki, sign_in(browser, wiki).query["code"])["id_token"])["sid"]
        house.clock.advance(1799)
        assert browser.get("/authorize", wiki.query()).status == 303
        used = made(house.now, provider=BUILTIN, sid=sid, subject=house.read(users.find, "ann").id)
        house.write(session_rows.begin, used)
        house.clock.advance(1799)
        assert browser.get("/authorize", wiki.query()).status == 303
        house.clock.advance(1)
        assert is_form(browser.get("/authorize", wiki.query()))
        assert sign_in(browser, wiki).status == 303
        assert browser.get("/authorize", wiki.query()).status == 303

    @pytest.mark.parametrize("deed", ["disabled", "removed", "other password", "revoked", "all revoked"])
    def test_ends_with_the_user(self, browser: Browser, house: House, wiki: Flow, deed: str) -> None:
        """A user who is disabled or removed, or whose password or session was changed, has no session any more."""
        code = sign_in(browser, wiki).query["code"]
        ann = house.read(users.find, "ann")
        house.clock.advance(1)
        if deed == "disabled":
            house.write(users.disable, "ann")
        elif deed == "removed":
            house.write(users.remove, "ann")
        elif deed == "other password":
            house.write(users.set_password, "ann", ann.password_hash)
        elif deed == "revoked":
            of_now = browser.get("/authorize", wiki.query()).query["code"]
            house.write(sessions.revoke_session, claims(tokens(browser, wiki, of_now)["id_token"])["sid"])
        else:
            house.write(sessions.revoke_subject, BUILTIN, ann.id)
        assert is_form(browser.get("/authorize", wiki.query()))
        assert browser.post("/token", wiki.token_form(code)).status == 400


class TestPrompt:
    def test_login_asks_again(self, browser: Browser, wiki: Flow) -> None:
        """prompt=login asks for the password even of a user who is signed in."""
        sign_in(browser, wiki)
        for prompt in ("login", "select_account", "login consent"):
            assert is_form(browser.get("/authorize", {**wiki.query(), "prompt": prompt}))

    def test_none_never_asks(self, browser: Browser, wiki: Flow) -> None:
        """prompt=none gives a code to who is signed in, and otherwise the error login_required, but never a page."""
        quiet = {**wiki.query(), "prompt": "none"}
        assert browser.get("/authorize", quiet).query["error"] == "login_required"
        sign_in(browser, wiki)
        assert browser.get("/authorize", quiet).query["code"]

    def test_consent_is_given_by_the_admin(self, browser: Browser, wiki: Flow) -> None:
        """The applications are the organisation's own: nobody is asked for consent."""
        sign_in(browser, wiki)
        assert browser.get("/authorize", {**wiki.query(), "prompt": "consent"}).query["code"]

    def test_max_age(self, browser: Browser, house: House, wiki: Flow) -> None:
        """max_age asks again when the password was typed longer ago than that."""
        sign_in(browser, wiki)
        house.clock.advance(100)
        assert browser.get("/authorize", {**wiki.query(), "max_age": "101"}).status == 303
        assert is_form(browser.get("/authorize", {**wiki.query(), "max_age": "100"}))
        assert is_form(browser.get("/authorize", {**wiki.query(), "max_age": "0"}))
        late = browser.get("/authorize", {**wiki.query(), "max_age": "100", "prompt": "none"})
        assert late.query["error"] == "login_required"

    def test_typing_the_password_satisfies_both(self, browser: Browser, house: House, wiki: Flow) -> None:
        """After the password was typed the user is not asked a second time."""
        wiki.more = {"prompt": "login", "max_age": "0"}
        answer = sign_in(browser, wiki)
        assert answer.status == 303
        assert answer.query["code"]
