"""How Sphinx makes the site of these pages: `make docs`."""

from importlib.metadata import version as installed

project = "Barograph"
author = "The Barograph authors"
version = release = installed("barograph")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]

# A heading has the anchor that it has where the pages are read in the repository.
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

nitpicky = True
# Names of other projects: their inventories would have to be fetched to build the site.
# Names of our own that signatures show and nobody needs to import.
nitpick_ignore_regex = [
    (r"py:.*", r"(numpy|opentelemetry|collections\.abc)\..*"),
    (r"py:.*", r"barograph.*\.(E|F|Layout|Ongoing|Pooled)"),
]

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
html_title = "Barograph"
html_copy_source = False
# Its long names make the page wider than a screen; the search finds them.
html_use_index = False
html_show_sphinx = False
