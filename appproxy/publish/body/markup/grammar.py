"""HTML's tokenizer (HTML section 13.2.5) as regular expressions: they walk over what needs no look, and stop at the rest.

`re` does the heavy part: a step of the loop in `html.py` is one match from one link to the next. Everything that repeats is
possessive, so that no input makes a match go back and try again.
"""

from __future__ import annotations

import re

from appproxy.publish.body.links import HEAD
from appproxy.publish.body.markup.table import EVERY_TAG, FOREIGN, PLAIN, RAW_TEXT, STYLES, TAGS, Holds
from appproxy.regex import compiled

_W = rb"[\t\n\f\r ]"
_EQUALS = _W + rb"*+=" + _W + rb"*+"
_VALUE = rb"(?:\"[^\"]*+\"|'[^']*+'|(?![\"'>])[^\t\n\f\r >]++|(?=>))"
#: A name, and its value if an equals sign follows; a name may begin with an equals sign.
_NAME = rb"(?:[^\t\n\f\r />=]++|=[^\t\n\f\r />=]*+)"
_ATTRIBUTE = _NAME + rb"(?:" + _EQUALS + _VALUE + rb"|(?!" + _W + rb"*+=))"
_GAP = rb"[\t\n\f\r /]++"
_ENDS_NAME = rb"(?=[\t\n\f\r />])"


def caseless(word: bytes) -> bytes:
    """The expression for this word in any case; `(?i)` would cost twice as much."""
    return b"".join(b"[%c%c]" % (byte, byte - 32) if 97 <= byte <= 122 else re.escape(bytes([byte])) for byte in word)


def any_of(words: set[bytes]) -> bytes:
    """The expression for any of these words in any case, by first letters, so that most are ruled out by one look."""
    branches = []
    for first in sorted({word[:1] for word in words}):
        rests = sorted((word[1:] for word in words if word[:1] == first), key=len, reverse=True)
        branches.append(caseless(first) + b"(?:" + b"|".join(map(caseless, rests)) + b")")
    return b"(?:" + b"|".join(branches) + b")"


def _names(*kinds: Holds) -> bytes:
    return any_of({name for names in (*TAGS.values(), EVERY_TAG) for name, holds in names.items() if holds in kinds})


def tokenizer(paths: bool) -> re.Pattern[bytes]:
    """Walks from outside of a tag to behind the next `<a href=URL>`, or to the beginning of another tag that matters.

    Group 1 stands before that tag, group 2 is the URL up to its query, group 3 the name of a tag to look at. Without
    any of them it stopped at a `<` that needs a look, or at the end. `paths`: also URLs that are only a path matter.
    """
    slashes = rb"/" if paths else rb"/[/&]"
    begins = rb"(?:[hHwW][tTsS][a-zA-Z]{0,3}+)?+:?+(?:" + slashes + rb"|&)"
    interest = (
        rb"(?:" + _names(Holds.URL, Holds.SEVERAL) + _EQUALS + rb"[\"']?+" + _W + rb"*+" + begins
        + rb"|" + _names(Holds.SEVERAL, Holds.SRCSET, Holds.META, Holds.PAGE) + _EQUALS + rb"[^\t\n\f\r >]"
        + rb"|" + any_of(set(STYLES)) + _EQUALS + rb"(?:\"[^\"(]*+\(|'[^'(]*+\(|[^\"'(>\t\n\f\r ]*+\())"
    )
    # The shortest way over attributes that cannot matter: no URL has neither slash nor `&`, no function no bracket.
    plain = rb"(?:" + _W + rb"++[a-zA-Z0-9_-]++=\"[^\"(/&]*+\")*+"
    dull = rb"(?:" + _GAP + rb"|(?!" + interest + rb")" + _ATTRIBUTE + rb")*+"
    looked_at = any_of({b"a", b"area", b"base", b"link", b"meta", PLAIN} | RAW_TEXT | FOREIGN) + _ENDS_NAME
    link = any_of({b"a", b"area"}) + _ENDS_NAME
    href = caseless(b"href") + _EQUALS
    relative = rb"(?:" + _W + rb"++" + caseless(b"href") + rb"=\"(?!" + _W + rb"*+" + begins + rb")[^\"]*+\")?+"
    no_url = rb"(?!" + _W + rb"++" + href + rb"[\"']?+" + begins + rb")"
    foreign = any_of(set(FOREIGN)) + _ENDS_NAME
    walk = (
        rb"/(?!" + foreign + rb")[a-zA-Z][^>\"']*+>"
        rb"|(?!" + looked_at + rb")[a-zA-Z][^\t\n\f\r />]*+" + plain + rb"(?:" + _W + rb"*+/?+>|" + dull + rb">)"
        rb"|" + link + plain + no_url + relative + plain + rb"(?:>|" + dull + rb">)"
        rb"|/(?!" + foreign + rb")[a-zA-Z][^\t\n\f\r />]*+(?:" + _GAP + rb"|" + _ATTRIBUTE + rb")*+>"
        # Text, `</>`, and what the standard calls bogus comments.
        rb"|(?=[^a-zA-Z/!?])|/>|/[^a-zA-Z>][^>]*+>|\?(?!xml-stylesheet" + _W + rb")[^>]*+>|!(?!--|\[CDATA\[)[^>]*+>"
    )
    stop = (
        rb"()<(?:" + link + plain + rb"(?:" + _W + rb"++(?=[hH])|" + dull + rb")" + href
        + rb"(?=[\"']?+" + _W + rb"*+(" + HEAD + rb"))" + _VALUE + plain + rb"(?:>|" + dull + rb">)"
        rb"|(/?+[a-zA-Z][^\t\n\f\r />]*+)" + _ENDS_NAME + rb")"
    )
    return compiled(rb"[^<]*+(?:<(?:" + walk + rb")[^<]*+)*+(?:" + stop + rb")?+")


#: A complete start or end tag: group 1 is the name, group 2 the attributes.
TAG = compiled(rb"</?+([a-zA-Z][^\t\n\f\r />]*+)((?:" + _GAP + rb"|" + _ATTRIBUTE + rb")*+)>")
#: The part of a cut tag that is complete, and behind it the beginning of a value in quotes (group 1), if there is one.
CUT_TAG = compiled(rb"(?:" + _GAP + rb"|" + _ATTRIBUTE + rb"(?=[\t\n\f\r />\"']))*+(?:" + _NAME + _EQUALS + rb"([\"']))?+")
#: One attribute: group 1 is its name, the last one its raw value.
ATTRIBUTE = compiled(
    rb"[\t\n\f\r /]*+(" + _NAME + rb")(?:" + _EQUALS
    + rb"(?:\"([^\"]*+)\"|'([^']*+)'|((?![\"'>])[^\t\n\f\r >]++)|(?=>)|\Z)|(?!" + _W + rb"*+=))")
