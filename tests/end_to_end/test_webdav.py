"""A WebDAV share behind: copies and moves name two resources, one of them in a field."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.end_to_end.ports import free_port
from tests.end_to_end.visitor import Visitor
from tests.end_to_end.world import World, until

NGINX = """
worker_processes 1;
daemon off;
{user}
pid {directory}/nginx.pid;
error_log {directory}/nginx-error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {directory}/www;
        location /share/ {{ dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; }}
    }}
}}
"""


@pytest.fixture(scope="module")
def share(world: World) -> Iterator[World]:
    """The application `share`: nginx's files below one path, published below another."""
    directory = world.directory / "webdav"
    (directory / "www" / "share").mkdir(parents=True)
    port = free_port()
    user = "user root;" if os.getuid() == 0 else ""
    (directory / "nginx.conf").write_text(NGINX.format(directory=directory, port=port, user=user))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"
    world.supervisor.start("webdav", [program, "-c", str(directory / "nginx.conf"), "-p", str(directory)])
    world.admin("app", "publish", "share", "--internal", f"http://127.0.0.1:{port}/share/", "--external",
                world.url("share", "/files/"), "--preauth", "passthrough")
    visitor = Visitor(world.port, world.anchor)
    until(lambda: visitor.request("PUT", world.url("share", "/files/up"), {}, b"up").status in (201, 204), "nginx is up")
    yield world
    world.admin("app", "remove", "share")
    world.supervisor.end("webdav")


def test_files_are_copied_and_moved(share: World, visitor: Visitor) -> None:
    """The new name is a public URL where the user says it, and an internal one where the share compares it."""
    at = share.url("share", "/files/")
    for setting in ("internal", "public"):
        share.admin("app", "set", "share", f"view={setting}")
        assert visitor.request("PUT", at + "a", {}, b"text").status in (201, 204)
        until(lambda: visitor.request("COPY", at + "a", {"Destination": at + "b"}, None).status in (201, 204),
              "a copy under another name", 10)
        assert visitor.request("MOVE", at + "b", {"Destination": "/files/c%20d"}, None).status in (201, 204)
        assert (visitor.get(at + "c%20d").body, visitor.get(at + "b").status) == (b"text", 404)
        assert visitor.request("DELETE", at + "c%20d", {}, None).status == 204
    share.admin("app", "set", "share", "view=", "translate_headers=no")
    until(lambda: visitor.request("COPY", at + "a", {"Destination": at + "b"}, None).status < 300,
          "what requests name is one place, whatever becomes of answers", 10)
    share.admin("app", "set", "share", "translate_headers=")
