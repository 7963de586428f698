"""Colours and letters of the pictures: those of the reports, on white."""

from typing import Any, Final

INK, MUTED, RULE = "#1d2126", "#5d6670", "#dcdad2"
BLUE, ORANGE, TEAL, PURPLE = "#1f5f99", "#a85a00", "#17765a", "#8a459c"
TRUTH: Final = BLUE
"""What is true, and the paths by which a cause acts."""
WRONG: Final = "#b4461a"
"""What misleads, and the open paths by which it does."""
SHUT: Final = "#bccbd8"
"""What is not in the way, and the paths that are closed."""
HELD: Final = "#27455e"
"""What is held: the nodes conditioned on."""
AGES: Final = ("#0d7a8c", BLUE, PURPLE, "#b3265e", ORANGE)

SMALLEST: Final = 9.0  # points

RC: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 8,
    "axes.labelsize": 10,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "text.color": INK,
    "text.usetex": False,
    "xtick.labelsize": SMALLEST,
    "ytick.labelsize": SMALLEST,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.hashsalt": "scm",
    "legend.frameon": False,
    "legend.fontsize": SMALLEST,
}
