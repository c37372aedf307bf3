"""An error is an AppProxyError with name, message and hint, in every room; for each reader one place makes words of it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from appproxy.errors import AppProxyError, Code, ConfigError, RequestError
from tests.test_architecture import modules, name_of

#: Exceptions of ours that are something else, with the reason.
OTHERS = {
    "admin.base.dry_run.NothingDone": "no error: it rolls a dry run back, and carries its answer",
    "connector.origin.dial.lookup.LookupTimedOut": "Twisted's resolvers raise DNSLookupError, and its callers expect that",
    "http.h1.chunked.TrailersTooLong": "of a parser, whose one caller makes a RequestError of it",
    "provider.assurance.Unmet": "the same",
    "net.small_body.BodyTooLargeError": "the same",
    "testing.browser.SignInFailed": "for tests of other programs, which fail by it",
    "testing.network.NeverFired": "the same",
}
#: What a fault of ours raises: nobody is to read it but in a traceback. ValueError, OverflowError and KeyError are what
#: parsers and look-ups raise, whose callers say which setting or request is meant.
FAULTS = {
    "AssertionError", "KeyError", "NotImplementedError", "OverflowError", "RuntimeError", "StopIteration", "TypeError",
    "ValueError",
}  # fmt: skip
#: Where something else is raised, with the reason.
ELSEWHERE = {
    ("api", "AttributeError"): "a module's __getattr__ (PEP 562)",
    ("demo.supervisor", "KeyboardInterrupt"): "SIGTERM ends the demo as Ctrl-C does",
    ("net.secure.records", "Error"): "OpenSSL's, as pyOpenSSL raises it",
    ("net.secure.records", "MemoryError"): "what pyOpenSSL raises there",
    ("provider.oauth.server", "InvalidRequestError"): "Authlib makes the answer of it that OAuth 2 wants",
    ("provider.oauth.server", "OAuth2Error"): "the same",
    ("provider.oauth.token_requests", "OAuth2Error"): "the same",
    ("store.engine", "DisconnectionError"): "SQLAlchemy's pool tries another connection then",
    ("store.engine", "OperationalError"): "SQLAlchemy's, which the store makes a StoreError of",
    ("testing.network", "CannotListenError"): "Twisted's, as its reactors raise it",
    ("twistd.process.program", "UsageError"): "twistd shows its own usage with it: where errors meet that command line",
}
#: Where errors become what somebody reads.
PLACES = {"sys.exit": {"cli.main"}, "about:blank": {"admin.base.problem"}, "SystemExit": set()}


def raised(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The last name of each exception class that is raised by calling or naming it, and the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            what = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            if isinstance(what, ast.Name | ast.Attribute):
                name = what.id if isinstance(what, ast.Name) else what.attr
                if name[:1].isupper():
                    yield name, node.lineno


def classes(module: object, name: str) -> Iterator[type[BaseException]]:
    """The exception classes that a module defines."""
    for one in vars(module).values():
        if isinstance(one, type) and issubclass(one, BaseException) and one.__module__ == f"appproxy.{name}":
            yield one


def every_class() -> dict[str, type[BaseException]]:
    """All of ours, by where they are."""
    found: dict[str, type[BaseException]] = {}
    for path in modules():
        name = name_of(path)
        if "migrations" not in name and "__main__" not in name:
            found |= {f"{name}.{one.__name__}": one for one in classes(import_module(f"appproxy.{name}"), name)}
    return found


def known() -> set[str]:
    """The names of all AppProxyErrors."""
    return {one.__name__ for one in every_class().values() if issubclass(one, AppProxyError)}


def faults(name: str, source: str, ours: set[str]) -> list[str]:
    """What in this file says an error in another way."""
    others = {place.rpartition(".")[2] for place in OTHERS}
    found = [
        f"line {line}: raises {what}" for what, line in raised(ast.parse(source))
        if what not in ours | FAULTS | others and (name, what) not in ELSEWHERE
    ]
    return found + [
        f"has {text}" for text, places in PLACES.items()
        if name not in places and (f"{text}(" in source or f'"{text}"' in source)
    ]


def test_every_exception_is_one() -> None:
    """But those with a reason, all of which are there."""
    others = {place for place, one in every_class().items() if not issubclass(one, AppProxyError)}
    assert others == set(OTHERS)


def test_each_has_a_name_of_its_own() -> None:
    """By which programs tell them apart; that of a RequestError is its code's."""
    names = [one.name for one in every_class().values() if issubclass(one, AppProxyError)]
    assert len(set(names)) == len(names)
    assert ConfigError.name == "config" and RequestError(Code.NOT_ASSIGNED).name == "not-assigned"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_errors_are_said_in_one_way(path: Path) -> None:
    """Raised as such, and put into words only where that belongs."""
    assert faults(name_of(path), path.read_text(), OURS) == []


OURS = known()


def test_every_reason_is_still_needed() -> None:
    """What is raised nowhere any more has no reason either."""
    there = {(name_of(path), what) for path in modules() for what, _ in raised(ast.parse(path.read_text()))}
    assert set(ELSEWHERE) <= there


@pytest.mark.parametrize("source", [
    "raise SystemExit('no')", "raise click.UsageError('no')", "import sys\nsys.exit(3)", "raise Exception('no')",
    "raise OSError(2)", "raise UsageError('no')", 'x = {"type": "about:blank"}', "raise ClickException('no')",
])
def test_another_way_is_seen(source: str) -> None:
    """The check itself can fail."""
    assert faults("admin.x", source, OURS)


@pytest.mark.parametrize("source", ["raise ConfigError('x', hint='y')", "raise ValueError('x')", "raise", "raise error"])
def test_the_one_way_passes(source: str) -> None:
    """As do the contracts of parsers."""
    assert faults("admin.x", source, OURS) == []


def test_faults_are_python_s() -> None:
    """Each is there."""
    assert all(issubclass(getattr(builtins, name), Exception) for name in FAULTS)


def test_message_and_hint() -> None:
    """Apart for programs, together for people; a place comes before the message, and the hint stays."""
    error = ConfigError("strict: must be yes or no", hint="see appproxy app keys")
    assert (error.message, error.hint, str(error)) == (
        "strict: must be yes or no", "see appproxy app keys", "strict: must be yes or no; see appproxy app keys")
    assert str(error.at("service.toml")) == "service.toml: strict: must be yes or no; see appproxy app keys"
    assert str(ConfigError("alone")) == "alone" and ConfigError("alone").hint == ""
