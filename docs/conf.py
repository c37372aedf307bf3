"""How Sphinx makes a site of these pages: `make docs`, in build/docs. A warning, such as a link to nowhere, is an error."""

from __future__ import annotations

import appproxy

project = "appproxy"
author = "the appproxy maintainers"
version = release = appproxy.__version__
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
exclude_patterns = ["**/*.py"]
#: Links between pages name headings as GitHub does.
myst_heading_anchors = 4
#: Blocks that only are indented are commands and what they print, not Python.
highlight_language = "none"
#: `vector` marks the blocks of the protocol's test vectors, which tests read.
suppress_warnings = ["misc.highlighting_failure"]
html_theme = "furo"
html_title = f"appproxy {release}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"top_of_page_buttons": []}
