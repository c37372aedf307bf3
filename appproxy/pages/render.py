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
    """One page, UTF-8. `name` is that of a template, such as `sign_in`.

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
#: The script of pages where a passkey is used or made: browsers have no other way to it.
PASSKEY_SCRIPT = Markup(_environment.get_template("passkey.js").render())
_environment.globals["passkey_script"] = PASSKEY_SCRIPT
#: The script of the page that asks for a provider, which works without it as well: it carries the fragment over the form.
CHOOSE_PROVIDER_SCRIPT = Markup(_environment.get_template("choose_provider.js").render())
_environment.globals["choose_provider_script"] = CHOOSE_PROVIDER_SCRIPT
#: The scripts that keep an address's fragment in the browser while another provider's pages are open, and put it back.
KEEP_FRAGMENT_SCRIPT = Markup(_environment.get_template("keep_fragment.js").render())
PUT_FRAGMENT_BACK_SCRIPT = Markup(_environment.get_template("put_fragment_back.js").render())
#: The script that has the browser send the form which stands for what was sent before a sign-in.
SEND_FORM_SCRIPT = Markup(_environment.get_template("send_form.js").render())
#: The script that leads from a page of ours to the next one, where a redirect cannot.
LEAD_ON_SCRIPT = Markup(_environment.get_template("lead_on.js").render())
#: The script that leads on from a page whose frames end sessions elsewhere.
SIGN_OUT_ELSEWHERE_SCRIPT = Markup(_environment.get_template("sign_out_elsewhere.js").render())
#: The script that tells pages of the same origin that somebody has signed in again beside them.
SIGNED_IN_AGAIN_SCRIPT = Markup(_environment.get_template("signed_in_again.js").render())


#: A brand is forgotten some changes after it went.
@lru_cache(maxsize=8)
def sheet_of(brand: Brand) -> tuple[str, bytes]:
    """The style sheet of a brand, and its path."""
    if not brand.colours:
        return STYLE_PATH, STYLE
    sheet = STYLE + brand.colours.encode()
    return style_path_of(sheet), sheet
