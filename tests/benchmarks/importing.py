"""`import riskplugin` beside `import pandas`, in fresh processes."""

import subprocess
import sys
from functools import partial

from tests.benchmarks.ratios import Line, in_turns, medians

BAR = 1.15


USED = "import riskplugin; riskplugin.stress"  # what is public loads when it is used


def start(repeats: int) -> list[Line]:
    """Alternate fresh processes."""
    codes = {"pandas": "import pandas", "ours": "import riskplugin", "used": USED}
    jobs = {name: partial(fresh, code) for name, code in codes.items()}
    took = medians(in_turns(jobs, repeats))
    return [
        Line("import / import pandas", took["ours"], "ms", took["pandas"], BAR),
        Line("import and use / import pandas", took["used"], "ms", took["pandas"]),
    ]


def fresh(code: str) -> None:
    """Run `code` in a process of its own."""
    subprocess.run([sys.executable, "-c", code], check=True)
