"""What to call a browser in a list: users know theirs by such words, and nothing is decided by them."""

from __future__ import annotations

#: Marks in User-Agent, in the order in which they count: most browsers name others, too.
_BROWSERS = (
    ("edg/", "Edge"), ("edga/", "Edge"), ("edgios/", "Edge"), ("opr/", "Opera"), ("samsungbrowser/", "Samsung Internet"),
    ("firefox/", "Firefox"), ("fxios/", "Firefox"), ("crios/", "Chrome"), ("chrome/", "Chrome"), ("safari/", "Safari"),
    ("curl/", "curl"),
)
_SYSTEMS = (
    ("iphone", "iPhone"), ("ipad", "iPad"), ("android", "Android"), ("windows", "Windows"), ("cros ", "ChromeOS"),
    ("mac os", "macOS"), ("linux", "Linux"),
)


def client_name(user_agent: str) -> str:
    """`Firefox on Windows`; the beginning of what it says of itself where that is nothing known."""
    said = user_agent.lower()
    browser = next((name for mark, name in _BROWSERS if mark in said), "")
    system = next((name for mark, name in _SYSTEMS if mark in said), "")
    if not browser and not system:
        return user_agent[:40] or "A program"
    return " on ".join(part for part in (browser or "A browser", system) if part)
