"""Settings of the documentation. ``make docs`` builds it; a warning is an error."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import generated

project = "Trialwright"
author = "The Trialwright authors"
copyright = "The Trialwright authors, Apache-2.0"

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "Trialwright"


def setup(app):
    """Fill in what is read off the code, each time a page is read."""
    app.connect("source-read", fill_in)


def fill_in(app, docname, source):
    source[0] = generated.fill(source[0])
