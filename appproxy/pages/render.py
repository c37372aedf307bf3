"""Our HTML pages from their templates; everything put into them is escaped."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

#: Where the one style sheet is served on every host of ours and of applications.
STYLE_PATH = "/.appproxy/style.css"

_environment = Environment(
    loader=PackageLoader("appproxy.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)
_environment.globals["style_path"] = STYLE_PATH


def render(name: str, /, **context: object) -> bytes:
    """One page, UTF-8. `name` is `error`, `message`, `sign_in`, `sign_out` or `signed_out`.

    What each takes stands at the top of its template; a missing value raises jinja2.UndefinedError.
    """
    return _environment.get_template(f"{name}.html").render(**context).encode()


#: The one style sheet: no page has a style of its own.
STYLE: bytes = _environment.get_template("style.css").render().encode()
