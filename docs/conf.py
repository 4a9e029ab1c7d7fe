"""Settings of Sphinx: Markdown pages, and a reference made from docstrings."""

from importlib.metadata import version as version_of

project = "chatdesk"
author = "The chatdesk developers"
copyright = "2026, The chatdesk developers"
version = release = version_of("chatdesk")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build", "_templates"]
templates_path = ["_templates"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autosummary_ignore_module_all = False
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "chatdesk"
