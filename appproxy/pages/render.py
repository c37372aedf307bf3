"""Our HTML pages from their templates; everything put into them is escaped."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from appproxy.branding import PLAIN, Brand, style_path_of

#: Where the one style sheet is served on every host of ours and of applications.
STYLE_PATH = "/.appproxy/style.css"

_environment = Environment(
    loader=PackageLoader("appproxy.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
    lstrip_blocks=True, auto_reload=False,
)

def render(name: str, brand: Brand = PLAIN, /, **context: object) -> bytes:
    """One page, UTF-8. `name` is `apps`, `error`, `message`, `sign_in`, `sign_out` or `signed_out`.

    What each takes is said at the top of its template; a missing value raises jinja2.UndefinedError.
    """
    return _environment.get_template(f"{name}.html").render(
        brand=brand, style_path=sheet_of(brand)[0], **context
    ).encode()


#: The one style sheet: no page has a style of its own.
STYLE: bytes = _environment.get_template("style.css").render().encode()


#: The script of the sign-in page, which works without it as well: it carries the fragment of an address over the form, and
#: leads on when another tab has signed in.
SIGN_IN_SCRIPT = Markup(_environment.get_template("sign_in.js").render())
_environment.globals["sign_in_script"] = SIGN_IN_SCRIPT


#: A brand is forgotten some changes after it went.
@lru_cache(maxsize=8)
def sheet_of(brand: Brand) -> tuple[str, bytes]:
    """The style sheet of a brand, and its path."""
    if not brand.colours:
        return STYLE_PATH, STYLE
    sheet = STYLE + brand.colours.encode()
    return style_path_of(sheet), sheet
