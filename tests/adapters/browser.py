"""A browser without a screen: a page, a script in it, and what came of it."""

import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
WHY = "no chromium: apt-get install chromium"
AXE = Path(__file__).parents[2] / ".cache/axe/node_modules/axe-core/axe.min.js"
WHY_AXE = "no axe-core: npm install --no-save --prefix .cache/axe axe-core@4.14.1"
SWITCHES = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--enable-logging=stderr",
    "--v=0",
    "--virtual-time-budget=20000",
)
HARNESS = """
<pre id="found" hidden></pre><script>
(async () => {{
  const put = (x) => {{
    document.getElementById("found").textContent = JSON.stringify(x);
  }};
  try {{
    const value = await (async () => {{ {script} }})();
    const asked = performance.getEntriesByType("resource").map((e) => e.name);
    put({{ value, requests: asked.filter((name) => !name.startsWith("data:")) }});  }}
  catch (error) {{ put({{ error: String(error) }}); }}
}})();
</script>
"""


def started(*switches):
    """Run the browser and return what it printed, and its log."""
    with TemporaryDirectory() as profile:
        words = [CHROMIUM, *SWITCHES, f"--user-data-dir={profile}", *switches]
        done = subprocess.run(words, capture_output=True, timeout=120, check=True)
    return done.stdout.decode(), done.stderr.decode()


def asked(page, folder, script, *switches, before=""):
    """Return what a script in a page returns, the console's lines, and requests.

    `page` is HTML; `before` is a script that runs ahead of it. Requests are those of
    the page: the browser's own are none of its.
    """
    file = folder / "asked.html"
    ahead = f"<script>{before}</script>" if before else ""
    body, _, tail = page.rpartition("</body>")
    harness = HARNESS.format(script=script)
    file.write_text(f"{body}{ahead}{harness}</body>{tail}", "utf-8")
    out, log = started("--dump-dom", *switches, file.resolve().as_uri())
    text = out.split('<pre id="found" hidden="">', 1)[1].split("</pre>", 1)[0]
    found = json.loads(unescaped(text))
    assert "error" not in found, found
    console = [line for line in log.splitlines() if "CONSOLE" in line]
    return found["value"], console, found["requests"]


def unescaped(text):
    for said, meant in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(said, meant)
    return text


def pictured(page, folder, name, width, height):
    """Return the screenshot of a page as a file."""
    file, picture = folder / f"{name}.html", folder / f"{name}.png"
    file.write_text(page, "utf-8")
    started(
        f"--window-size={width},{height}",
        f"--screenshot={picture}",
        file.resolve().as_uri(),
    )
    return picture
