"""The product's own HTML pages: templates and the headers they are sent with."""

from appproxy.pages.errors import accepts_json, error_page, failure_fields, refusal_page
from appproxy.pages.render import (
    CHOOSE_PROVIDER_SCRIPT,
    KEEP_FRAGMENT_SCRIPT,
    LEAD_ON_SCRIPT,
    PASSKEY_SCRIPT,
    PUT_FRAGMENT_BACK_SCRIPT,
    SEND_FORM_SCRIPT,
    SIGN_IN_SCRIPT,
    SIGN_OUT_ELSEWHERE_SCRIPT,
    SIGNED_IN_AGAIN_SCRIPT,
    STYLE,
    STYLE_PATH,
    render,
    sheet_of,
)
from appproxy.pages.security import CONTENT_SECURITY_POLICY, NO_STORE, SECURITY_FIELDS, with_script

__all__ = [
    "CHOOSE_PROVIDER_SCRIPT", "CONTENT_SECURITY_POLICY", "KEEP_FRAGMENT_SCRIPT", "LEAD_ON_SCRIPT", "NO_STORE",
    "PASSKEY_SCRIPT", "PUT_FRAGMENT_BACK_SCRIPT", "SECURITY_FIELDS", "SEND_FORM_SCRIPT", "SIGNED_IN_AGAIN_SCRIPT",
    "SIGN_IN_SCRIPT", "SIGN_OUT_ELSEWHERE_SCRIPT", "STYLE", "STYLE_PATH",
    "accepts_json", "error_page", "failure_fields", "refusal_page", "render", "sheet_of", "with_script",
]
