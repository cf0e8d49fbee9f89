"""drawing: conversation trees on the terminal, as a page, as a figure and in a notebook."""

from interalign.graphs.drawing.html import render_html
from interalign.graphs.drawing.notebook import notebook_html
from interalign.graphs.drawing.svg import render_png, render_svg
from interalign.graphs.drawing.terminal import draw_tree, list_trees

__all__ = ["draw_tree", "list_trees", "notebook_html", "render_html", "render_png", "render_svg"]
