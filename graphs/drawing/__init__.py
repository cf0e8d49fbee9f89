"""drawing: conversation trees on the terminal, as a page, as a figure and in a notebook."""

from interalign.graphs.drawing.html import render_html
from interalign.graphs.drawing.machine import machine_image, machine_mermaid
from interalign.graphs.drawing.notebook import notebook_html, notebook_table, notebook_trees
from interalign.graphs.drawing.svg import render_png, render_svg
from interalign.graphs.drawing.terminal import draw_tree, list_trees, plain_text

__all__ = [
    "draw_tree",
    "list_trees",
    "machine_image",
    "machine_mermaid",
    "notebook_html",
    "notebook_table",
    "notebook_trees",
    "plain_text",
    "render_html",
    "render_png",
    "render_svg",
]
