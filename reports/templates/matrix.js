"use strict";
(() => {
  const form = document.getElementById("filter");
  const rows = [...document.querySelectorAll("tr[data-row]")];
  const words = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const groups = [...document.querySelectorAll("details.rows")];
  const open = new Map(groups.map((group) => [group, group.open]));

  function filter() {
    const data = new FormData(form);
    const terms = data.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    const wrong = data.get("wrong") === "on";
    const wanted = terms.length > 0 || wrong;
    let count = 0;
    for (const row of rows) {
      const kept = (!wrong || row.classList.contains("failed")) && terms.every((term) => words.get(row).includes(term));
      row.hidden = !kept;
      count += kept ? 1 : 0;
    }
    for (const group of groups) {
      const some = group.querySelector("tr[data-row]:not([hidden])") !== null;
      group.hidden = !some;
      group.open = wanted ? some : open.get(group);
    }
    document.getElementById("shown").textContent = wanted ? `${count} of ${rows.length} rows` : "";
  }

  function land() {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const goal = id && document.getElementById(id);
    if (!goal) return;
    if (goal.closest("[hidden]")) { form.reset(); filter(); }
    for (let node = goal; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    goal.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input")) return;
    event.preventDefault();
    form.elements.text.focus();
  });
  addEventListener("hashchange", land);
  land();
})();
