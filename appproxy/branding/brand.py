"""What an organisation makes of our pages: its name, logo, texts and colour, as one frozen value.

All texts are escaped where they are shown, and colours are numbers before they are written into the style sheet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from appproxy.branding.colours import DARK, LIGHT, Background, Colour, contrast, readable
from appproxy.branding.logo import BRAND_START, Logo, check_logo, read_logo
from appproxy.errors import ConfigError

#: WCAG 2.2, success criterion 1.4.3, for small letters.
_ENOUGH = 4.5
_COLOUR = re.compile(r"#?([0-9a-fA-F]{6})")
_ADDRESS = re.compile(r"[!#-;=?-~]{1,500}")  # visible ASCII without quotes, < and >
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")


@dataclass(frozen=True, eq=False, slots=True)
class Brand:
    """Made when the settings are read, and handed to whoever renders; `PLAIN` is that of a service without settings.

    `colours` is the part of the style sheet that is the brand's own.
    """

    name: str = ""
    sign_in_text: str = ""
    help_text: str = ""
    help_link: str = ""
    footer: str = ""
    logo: Logo | None = None
    logo_dark: Logo | None = None
    colours: str = ""


PLAIN = Brand()


@dataclass(frozen=True, slots=True)
class BrandKey:
    """One setting: how its text is checked (ValueError says what it must be), and what to tell an admin."""

    check: Callable[[str], str]
    explanation: str
    is_picture: bool = False


def _line(most: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        # `isprintable` is false for controls and for the signs that turn the direction of writing.
        if len(text) > most or not text.isprintable() or not text.strip():
            raise ValueError(f"must be one line of at most {most} printable signs")
        return text.strip()

    return check


def _help_link(text: str) -> str:
    parts = urlsplit(text) if _ADDRESS.fullmatch(text) else None
    is_page = parts is not None and parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    is_mail = text.startswith("mailto:") and _MAIL.fullmatch(text.removeprefix("mailto:"))
    if not is_page and not is_mail:
        raise ValueError("must be a URL that starts with https://, or mailto:NAME@DOMAIN")
    return text


def _accent(ground: Background) -> Callable[[str], str]:
    def check(text: str) -> str:
        found = _COLOUR.fullmatch(text)
        if found is None:
            raise ValueError("must be a colour such as #0b5cad")
        colour = Colour.parse(found[1])
        ratio = contrast(colour, ground.card)
        if ratio < _ENOUGH:
            near = readable(colour, ground, _ENOUGH)
            raise ValueError(f"has a contrast of {ratio:.2f} to 1 with {ground.card}, and {_ENOUGH} is needed, or links and "
                             f"buttons cannot be read; {near} would do")
        return str(colour)

    return check


BRAND_KEYS: Mapping[str, BrandKey] = {
    "name": BrandKey(_line(64), "what the organisation or the service is called, at the top of every page"),
    "accent": BrandKey(_accent(LIGHT), "the colour of buttons and links, such as #0b5cad"),
    "accent_dark": BrandKey(_accent(DARK), "the same in dark mode (made from accent)"),
    "sign_in_text": BrandKey(_line(300), "one line on the sign-in page"),
    "help_text": BrandKey(_line(300), "one line on the pages of failures: who helps"),
    "help_link": BrandKey(_help_link, "where help is found: https://... or mailto:..."),
    "footer": BrandKey(_line(120), "the line at the bottom of every page (Protected by appproxy)"),
    "logo": BrandKey(check_logo, "a picture at the top of every page: a PNG, JPEG, WebP or SVG file", is_picture=True),
    "logo_dark": BrandKey(check_logo, "the one in dark mode (logo, before a light ground)", is_picture=True),
}  # fmt: skip


def brand_key(text: str) -> str:
    """The key as it is kept, of how an admin writes it. Raises ConfigError, which names those that there are."""
    key = text.lower().replace("-", "_")
    if key not in BRAND_KEYS:
        raise ConfigError(f"{text}: no such setting", hint=f"the keys are {', '.join(BRAND_KEYS)}")
    return key


def check_brand(texts: Mapping[str, str]) -> dict[str, str]:
    """The settings in the form that is kept. Raises ConfigError, which names the key and the fix."""
    checked: dict[str, str] = {}
    for key, text in texts.items():
        small = brand_key(key)
        try:
            checked[small] = BRAND_KEYS[small].check(text)
        except ValueError as error:
            if BRAND_KEYS[small].is_picture:
                raise ConfigError(f"{small}: it {error}") from error
            shown = text if len(text) <= 40 else text[:37] + "..."
            raise ConfigError(f"{small}: {shown!r} {error}") from error
    return checked


def make_brand(texts: Mapping[str, str]) -> Brand:
    """The brand that these settings make. Raises ConfigError."""
    if not texts:
        return PLAIN
    checked = check_brand(texts)
    accent, dark = checked.pop("accent", None), checked.pop("accent_dark", None)
    logo, logo_dark = (read_logo(text) if (text := checked.pop(key, "")) else None for key in ("logo", "logo_dark"))
    return Brand(**checked, logo=logo, logo_dark=logo_dark, colours=_sheet(accent, dark))


def _sheet(accent: str | None, dark: str | None) -> str:
    sheet = ""
    if accent is not None:
        sheet += f":root {{ {LIGHT.declarations(Colour.parse(accent[1:]))} }}\n"
        dark = dark or str(readable(Colour.parse(accent[1:]), DARK, _ENOUGH))
    if dark is not None:
        night = DARK.declarations(Colour.parse(dark[1:]))
        sheet += f"@media (prefers-color-scheme: dark) {{ :root {{ {night} }} }}\n"
    return sheet


def style_path_of(sheet: bytes) -> str:
    """Where the sheet of a brand is: another sheet has another address."""
    return f"{BRAND_START}{sha256(sheet).hexdigest()[:16]}.css"
