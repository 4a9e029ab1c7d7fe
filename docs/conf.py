"""Settings of Sphinx: Markdown pages, and a reference made from docstrings."""

from importlib.metadata import version as version_of

from sphinx.application import Sphinx

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

autodoc_default_options = {
    "members": True,
    "show-inheritance": True,
    # names the package root hands on are documented once, where they are defined
    "ignore-module-all": True,
}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autosummary_ignore_module_all = True
napoleon_numpy_docstring = False

html_theme = "furo"
html_title = "chatdesk"


def keep_sentence_whole(
    _app: Sphinx, what: str, _name: str, _obj: object, _options: object, lines: list[str]
) -> None:
    """Let an attribute's docstring be a sentence, with a colon where the sentence wants one.

    Napoleon takes what stands before the first colon for a type; an empty one is left out.
    """
    if what in {"attribute", "data", "property"} and lines:
        lines[0] = f": {lines[0]}"


def setup(app: Sphinx) -> None:
    """Run before Napoleon, whose handler has the usual priority of 500."""
    app.connect("autodoc-process-docstring", keep_sentence_whole, priority=400)
