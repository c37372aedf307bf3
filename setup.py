"""Puts the change log into the package, for `appproxy upgrade-notes`; all else is in pyproject.toml and setup.cfg."""

from pathlib import Path
from shutil import copyfile

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithChanges(build_py):
    """CHANGELOG.md and the fragments of changelog.d become `appproxy/changes`. A checkout has them beside the package."""

    def run(self) -> None:
        """Called by setuptools."""
        super().run()
        if self.editable_mode:
            return
        target = Path(self.build_lib) / "appproxy" / "changes"
        target.mkdir(parents=True, exist_ok=True)
        for source in (Path("CHANGELOG.md"), *sorted(Path("changelog.d").glob("*.md"))):
            copyfile(source, target / source.name)


setup(cmdclass={"build_py": BuildWithChanges})
