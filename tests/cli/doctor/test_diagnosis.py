"""appproxy doctor, where no service runs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Typing


def test_a_sound_directory_warns_that_nothing_runs(bare: Typing, state: Path) -> None:
    """Settings, key and database are good; the fix says how to start."""
    walked = bare("doctor", "--state", str(state), "--json")
    by_step = {one["step"]: one for one in walked.json}
    for step in ("settings", "state directory", "master key and database"):
        assert by_step[step]["health"] == "good", by_step[step]
    assert by_step["service"]["health"] == "warning"
    assert "twistd -n --pidfile= appproxy-service" in by_step["service"]["hint"]


def test_a_broken_directory_has_a_code_and_a_mend(bare: Typing, state: Path) -> None:
    """A state directory that others can enter, and a lost master key."""
    state.chmod(0o755)
    (state / "master.key").unlink()
    walked = bare("doctor", "--state", str(state))
    assert walked.code == 1
    assert f"chmod 700 {state}" in walked.out
    assert "BROKEN master key and database" in walked.out
    assert "users' certificate" not in walked.out


def test_wrong_settings_end_the_walk(bare: Typing, state: Path) -> None:
    """The key is named; nothing further is tried."""
    (state / "service.toml").write_text('domain = "example.com"\nlistne = "x"\n')
    walked = bare("doctor", "--state", str(state))
    assert (walked.code, "listne" in walked.out, walked.out.count("BROKEN")) == (1, True, 1)


def test_an_empty_directory_is_neither(bare: Typing, tmp_path: Path) -> None:
    """The doctor says what it looked for."""
    walked = bare("doctor", "--state", str(tmp_path))
    assert (walked.code, "appproxy init" in walked.err) == (1, True)
