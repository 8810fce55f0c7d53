(() => {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const root = document.documentElement, tip = $("tip"), spoken = $("spoken");

  // ---- sorting: numbers by what they are, text by its letters, unknown always last
  const keyOf = (cell) => {
    if (cell.dataset.v !== undefined) return Number(cell.dataset.v);
    return cell.classList.contains("unknown") || !cell.textContent ? null : cell.textContent;
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number"
    ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  const sort = (button) => {
    const head = button.parentElement, table = head.closest("table"), place = head.cellIndex;
    const first = head.classList.contains("number") ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    for (const th of head.parentElement.children) th.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1, body = table.tBodies[0];
    const rows = [...body.rows].map((row) => [keyOf(row.cells[place]), row]);
    rows.sort(([a], [b]) => a === null || b === null
      ? (a === null) - (b === null) : sign * compare(a, b));
    body.append(...rows.map(([, row]) => row));
    spoken.textContent = `Sorted by ${button.textContent}, ${order}`;
  };

  // ---- what a heading means, what a cell holds exactly, what a mark of a picture is
  for (const title of document.querySelectorAll("svg title")) {
    title.parentElement.dataset.tip = title.textContent;
    title.remove();
  }
  const said = (target) => {
    const button = target.closest("thead button[data-c]");
    if (button) return $("def-" + button.dataset.c)?.lastElementChild.textContent;
    const cell = target.closest("td[data-v]");
    if (cell) return Number(cell.dataset.v).toLocaleString("en", { maximumFractionDigits: 6 }).replace("-", "\u2212");
    return target.closest("[data-tip]")?.dataset.tip;
  };
  const show = (target, x, y) => {
    const words = said(target);
    hide();
    if (!words) return;
    tip.textContent = words;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 12, innerWidth - box.width - 8)) + "px";
    tip.style.top = (y + 16 + box.height > innerHeight ? y - box.height - 8 : y + 16) + "px";
    const button = target.closest("thead button");
    if (button) button.setAttribute("aria-describedby", "tip");
  };
  const hide = () => {
    tip.hidden = true;
    document.querySelector("[aria-describedby=tip]")?.removeAttribute("aria-describedby");
  };
  document.addEventListener("pointermove", (e) => e.target instanceof Element && show(e.target, e.clientX, e.clientY));
  document.addEventListener("focusin", (e) => {
    const box = e.target.getBoundingClientRect();
    show(e.target, box.left, box.bottom - 8);
  });
  document.addEventListener("focusout", hide);
  document.addEventListener("scroll", hide, true);
  document.addEventListener("keydown", (e) => e.key === "Escape" && hide());
  document.addEventListener("click", (e) => {
    const button = e.target.closest("thead button");
    if (button) sort(button);
  });

  // ---- light and dark: the system's, until the reader chooses
  const theme = $("theme"), system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const told = () => theme.setAttribute("aria-pressed", String(dark()));
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; told(); });
  system.addEventListener("change", told);
  told();
  $("print").addEventListener("click", () => print());

  // ---- where the reader is
  const links = new Map([...document.querySelectorAll("nav a")].map((a) => [a.hash.slice(1), a]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) {
      for (const a of links.values()) a.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-10% 0px -80% 0px" });
  for (const section of document.querySelectorAll("main > section")) seen.observe(section);
})();
