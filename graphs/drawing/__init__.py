"""drawing: conversation trees on the terminal and as a page."""

from interalign.graphs.drawing.html import render_html
from interalign.graphs.drawing.terminal import draw_tree, list_trees

__all__ = ["draw_tree", "list_trees", "render_html"]
