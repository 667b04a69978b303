"""How Sphinx builds the documentation: `make docs`."""

import re
from pathlib import Path

import symbp

project = "symbp"
copyright = "The symbp authors"
version = release = symbp.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"symbp {release}"
html_theme_options = {"light_css_variables": {"code-font-size": "0.78em"}}  # 100 columns fit
smartquotes = False  # the prime of f' is no apostrophe

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# The pages show formulas without a network: the MathJax that the tests use is copied into them.
# "full" has every extension in it; the smaller file would look for \boldsymbol beside itself. Where
# it is not installed, Sphinx links to its usual address.
mathjax = Path(__file__).parents[1] / "tests/engines/node_modules/mathjax/es5/tex-svg-full.js"
if mathjax.exists():
    html_static_path = [str(mathjax)]
    mathjax_path = mathjax.name

autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_typehints_format = "short"
# Links must lead somewhere (-n), except the types in signatures: most of them are SymPy's.
nitpick_ignore_regex = [("py:(class|data|obj)", ".*")]


def setup(app):
    app.connect("autodoc-process-docstring", as_plain_text)


def as_plain_text(app, what, name, obj, options, lines):
    """Show a docstring as it is written: to Sphinx, formulas are full of marks (*, _, |).

    In prose these are escaped and `a` is code; a list keeps its lines; an indented block and an
    example (>>>) stay as they are.
    """
    shown = []
    for block in re.split(r"\n(?:[ ]*\n)+", "\n".join(lines)):
        if block.startswith(">>>"):
            shown.append(block)
        elif block.startswith(" "):
            shown.append("::\n\n" + block)
        else:
            prose = re.sub(r"(`+)([^`]+)\1|([\\*_|`])", escaped, block).splitlines()
            is_list = any(re.match(r"[ ]|[-+:.]|\\\*|\w+[.)]\s", line) for line in prose)
            shown.append("\n".join(f"| {line}" for line in prose) if is_list else " ".join(prose))
    lines[:] = [*"\n\n".join(shown).splitlines(), ""]


def escaped(mark):
    return rf"\ ``{mark[2]}``\ " if mark[2] else "\\" + mark[3]
