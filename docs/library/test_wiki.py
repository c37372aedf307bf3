"""A test of an application as its users meet it: `python -m pytest docs/library/test_wiki.py`."""

from twisted.web.resource import Resource
from twisted.web.server import Request

from appproxy.api import testing


class Wiki(Resource):
    isLeaf = True

    def render_GET(self, request: Request) -> bytes:
        return b"hello " + (request.getHeader(b"x-user") or b"nobody")


def test_the_wiki_knows_its_user() -> None:
    with testing.Playground() as playground:
        playground.add_user("ann", "correct horse battery staple")
        wiki = playground.publish("wiki", Wiki(), users=["ann"], **{"header.x-user": "preferred_username"})
        page = playground.browser().sign_in(wiki, "ann", "correct horse battery staple")
        assert page.text == "hello ann"
