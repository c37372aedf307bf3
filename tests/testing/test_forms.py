"""Forms in pages."""

from __future__ import annotations

from appproxy.pages import render
from appproxy.testing import Form

PAGE = """
<input name="outside" value="1">
<form method="post" action="/first?a=1&amp;b=2">
  <input type="hidden" name="csrf" value="&lt;token&gt;"><input name="empty"><input value="no name"><INPUT NAME=upper />
</form>
<input name="between"><form action="/second"><input name="other" value="1"></form>
"""


def test_the_first_form() -> None:
    """Its address and inputs, with entities read; nothing of the next form, nothing from outside."""
    form = Form(PAGE)
    assert form.action == "/first?a=1&b=2"
    assert form.fields == {"csrf": "<token>", "empty": "", "upper": ""}


def test_no_form() -> None:
    """A page without one has no address to send to; a form without an address goes to the page's own."""
    assert Form("<p>hello</p>").action is None
    assert Form("<form></form>").action == ""


def test_our_own_page() -> None:
    """The built-in provider's sign-in page can be filled in."""
    page = render("sign_in", action="/sign-in", csrf="x", user_name='"Ann"', error="", application="wiki")
    form = Form(page.decode())
    assert form.action == "/sign-in"
    assert form.fields["csrf"] == "x"
    assert form.fields["username"] == '"Ann"'
    assert "password" in form.fields
