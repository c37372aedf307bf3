"""The fragment of an address (`#/route`) over a sign-in at another provider.

    /start       a page whose script puts the fragment into the tab's session storage, and leads on to the provider
    /callback    where a cookie says that this was done: a page whose script takes it out, and leads on with it

Browsers hand a fragment on from redirect to redirect (RFC 9110 section 10.2.2) until a page is shown, such as a provider's
form. No server ever sees it, this one included: it may hold a key or a token of the application's own. Session storage belongs
to one tab, and holds it under a name of the sign-in's own. The cookie only spares all others the second page.

Only a browser's own pages are led so: a frame would not show ours, and programs know redirects.
"""

from __future__ import annotations

from hashlib import sha256

from markupsafe import Markup
from twisted.web.iweb import IRequest

from appproxy.http.fields import values
from appproxy.identity import binding
from appproxy.identity.cookie import FRAGMENT_COOKIE, clear_cookie, name_on_port
from appproxy.net.web import Answer, brand_of, cookie_lines, cookies_of, redirect
from appproxy.pages import KEEP_FRAGMENT_SCRIPT, NO_STORE, PUT_FRAGMENT_BACK_SCRIPT, render, with_script
from appproxy.service.signin.request.browser_request import is_document_request

_HTML = b"content-type: text/html; charset=utf-8\n" + NO_STORE
_KEEP_FIELDS, _PUT_BACK_FIELDS = _HTML + with_script(KEEP_FRAGMENT_SCRIPT), _HTML + with_script(PUT_FRAGMENT_BACK_SCRIPT)


class FragmentKeeper:
    """Makes the two pages. `port`: the public port, part of the cookie's name."""

    def __init__(self, port: int) -> None:
        self._cookie = name_on_port(FRAGMENT_COOKIE, port)

    def keep(self, request: IRequest, nonce: str, url: str, lines: bytes) -> Answer:
        """On to the provider at `url`, with these cookie lines; `nonce` names the sign-in."""
        if not is_document_request(request) or not url.startswith(("https://", "http://")):
            return redirect(url, lines)
        surplus = binding.surplus(cookies_of(request, self._cookie), self._cookie)
        lines += cookie_lines(*map(clear_cookie, surplus))
        return self._page(request, nonce, url, _KEEP_FIELDS + lines, KEEP_FRAGMENT_SCRIPT)

    def put_back(self, request: IRequest, nonce: str, answer: Answer) -> Answer:
        """The same answer to a callback, which leads on with the fragment where it is a redirect and there is one."""
        mark = self._mark(nonce)
        marked = any(name == mark for name, _ in cookies_of(request, mark))
        if answer.status != 303 or not marked or not is_document_request(request):
            return answer
        lines = cookie_lines(*values(answer.fields, b"set-cookie"), clear_cookie(mark))
        [location] = values(answer.fields, b"location")
        return self._page(request, nonce, location.decode("ascii"), _PUT_BACK_FIELDS + lines, PUT_FRAGMENT_BACK_SCRIPT)

    def _page(self, request: IRequest, nonce: str, onward: str, fields: bytes, script: Markup) -> Answer:
        mark = self._mark(nonce).decode("ascii")
        return Answer(200, fields, render(
            "onward", brand_of(request), title="Sign-in", text="The next page opens by itself.", onward=onward,
            key=f"appproxy-fragment-{nonce}", mark=mark, script=script,
        ))

    def _mark(self, nonce: str) -> bytes:
        """The cookie's name: of `binding.MOST` sign-ins that are under way in a browser no two have the same."""
        return self._cookie + b"-" + sha256(nonce.encode("ascii")).hexdigest()[:8].encode("ascii")
