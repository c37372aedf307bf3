"""A test that fails is tried once more, with everything made again: neither the second try nor the tests behind it meet
what the first has left. So a test need not stand being run twice on one system; it has to pass as the first one on it.

`--all-twice` gives each test a second try, to find those that would fail in it.
"""

from __future__ import annotations

from collections.abc import Generator

import pytest

#: How many tests of a whole run may fail once and pass when they are tried again. Real processes beside others on a busy
#: machine meet moments that nobody has thought of: one test of six hundred in a run. It is shown, and to be looked into,
#: but it stops nobody.
SECOND_TRIES = 3
#: Why a first try has failed that was to fail.
ON_PURPOSE = "this was the first try of two (--all-twice)"

_tried = pytest.StashKey[bool]()
_failed = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option."""
    parser.addoption("--all-twice", action="store_true", help="each test's first try fails, so that its second is tried")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail on purpose what has passed, once."""
    result = yield
    if item.config.getoption("all_twice") and not item.stash.get(_tried, False):
        item.stash[_tried] = True
        pytest.fail(ON_PURPOSE, pytrace=False)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember who has failed."""
    report = yield
    if report.failed:
        item.stash[_failed] = item.stash[_tried] = True
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """After a failure all fixtures end, those of the session too; whoever needs one has it made again."""
    if item.stash.get(_failed, False):
        item.stash[_failed] = False
        # pytest has no public way. With nobody next it ends the fixtures of all scopes, as it does behind the last test.
        item.session._setupstate.teardown_exact(None)


def second_tries(config: pytest.Config) -> list[pytest.TestReport]:
    """The first failures of tests that were tried again, other than those on purpose."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports: list[pytest.TestReport] = [] if reporter is None else reporter.stats.get("rerun", [])
    return [report for report in reports if ON_PURPOSE not in str(report.longrepr)]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """A failure is shown in full also where the second try passed: it is a fault of the test or a rare one of the product."""
    for report in second_tries(config):
        terminalreporter.write_sep("=", f"FAILED at the first try: {report.nodeid}", red=True)
        terminalreporter.write_line(str(report.longrepr))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """More second tries than a few are no bad luck."""
    tried = {report.nodeid for report in second_tries(session.config)}
    if len(tried) > SECOND_TRIES and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
