"""The figure that every picture is drawn on; imported only when one is drawn."""

from io import BytesIO

from matplotlib.figure import Figure

DPI = 90


class Picture(Figure):
    """A matplotlib figure that a notebook shows, whatever its plotting set-up."""

    def _repr_png_(self) -> bytes:
        """Return the picture as a notebook shows it."""
        written = BytesIO()
        self.savefig(written, format="png", dpi=DPI)
        return written.getvalue()
