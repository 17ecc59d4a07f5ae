"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const form = document.getElementById("filter");
  const findings = [...document.querySelectorAll("details.finding")];
  const areas = [...document.querySelectorAll("section.area")];
  const words = new Map(findings.map((finding) => [finding, finding.textContent.toLowerCase()]));

  function filter() {
    const data = new FormData(form);
    const statuses = new Set(data.getAll("status"));
    const [area, level] = [data.get("area"), data.get("level")];
    const terms = data.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const finding of findings) {
      const { status, area: inArea, level: ofLevel } = finding.dataset;
      const kept = statuses.has(status) && (!area || area === inArea) && (!level || level === ofLevel)
        && terms.every((term) => words.get(finding).includes(term));
      finding.hidden = !kept;
      count += kept ? 1 : 0;
    }
    for (const section of areas) section.hidden = !section.querySelector("details.finding:not([hidden])");
    document.getElementById("shown").textContent = `${count} of ${findings.length} shown`;
  }

  function land() {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const goal = id && document.getElementById(id);
    if (!goal) return;
    if (form && goal.closest("#findings [hidden]")) {
      form.reset();
      filter();
    }
    for (let node = goal; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    goal.scrollIntoView();
  }

  function peek(event) {
    const details = event.target;
    if (!details.open || !details.matches?.("details.peek") || details.dataset.filled) return;
    const detail = document.querySelector(`#exchange-${details.dataset.exchange} > .detail`);
    if (!detail) return;
    details.dataset.filled = "yes";
    details.querySelector("p")?.remove();
    details.append(detail.cloneNode(true));
  }

  async function copy(button) {
    const code = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 1500);
  }

  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.failed:not([open]), details.error:not([open]), details.warned:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of opened) details.open = false; });
  document.addEventListener("toggle", peek, true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button.copier");
    if (button) copy(button);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || !form || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("input, select, textarea")) return;
    event.preventDefault();
    form.elements.text.focus();
  });
  for (const button of document.querySelectorAll("button.copier")) button.hidden = false;
  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
    filter();
  }
  addEventListener("hashchange", land);
  land();
})();
