"""The product's own HTML pages: templates and the headers they are sent with."""

from appproxy.pages.errors import accepts_json, error_page, failure_fields
from appproxy.pages.render import SIGN_IN_SCRIPT, STYLE, STYLE_PATH, render, sheet_of
from appproxy.pages.security import CONTENT_SECURITY_POLICY, NO_STORE, SECURITY_FIELDS, with_script

__all__ = [
    "CONTENT_SECURITY_POLICY", "NO_STORE", "SECURITY_FIELDS", "SIGN_IN_SCRIPT", "STYLE", "STYLE_PATH", "accepts_json",
    "error_page", "failure_fields", "render", "sheet_of", "with_script",
]
