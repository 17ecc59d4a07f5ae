"use strict";
(() => {
  document.documentElement.classList.add("scripted");
  const form = document.getElementById("filter");
  const shown = document.getElementById("shown");
  const findings = [...document.querySelectorAll("details.finding")];
  const areas = [...document.querySelectorAll("section.area")];
  const words = new Map();

  function text(finding) {
    if (!words.has(finding)) words.set(finding, finding.textContent.toLowerCase());
    return words.get(finding);
  }

  function filter() {
    const data = new FormData(form);
    const statuses = new Set(data.getAll("status"));
    const [area, level] = [data.get("area"), data.get("level")];
    const terms = data.get("text").toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const finding of findings) {
      const { status, area: inArea, level: ofLevel } = finding.dataset;
      const kept = statuses.has(status) && (!area || area === inArea) && (!level || level === ofLevel)
        && terms.every((term) => text(finding).includes(term));
      finding.hidden = !kept;
      count += kept ? 1 : 0;
    }
    for (const section of areas) section.hidden = !section.querySelector("details.finding:not([hidden])");
    shown.textContent = `${count} of ${findings.length} shown`;
  }

  // A figure of the first screen shows its findings: those of an area, of a status, or of both.
  function narrow({ area, status }) {
    for (const box of form.querySelectorAll("input[name=status]")) box.checked = !status || box.value === status;
    form.elements.area.value = area ?? "";
    form.elements.level.value = "";
    form.elements.text.value = "";
    filter();
    document.getElementById("findings").scrollIntoView();
    form.elements.area.focus({ preventScroll: true });
  }

  function land() {
    let id = "";
    try { id = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const goal = id && document.getElementById(id);
    if (!goal) {
      if (id && form) shown.textContent = `This report has no ${id}. ${shown.textContent}`;
      return;
    }
    if (form && goal.closest("#findings [hidden]")) {
      form.reset();
      filter();
    }
    for (let node = goal; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    goal.scrollIntoView();
    goal.querySelector(":scope > summary")?.focus({ preventScroll: true });
  }

  // An exchange is in the page once; a finding that is asked for it gets a copy, with only its own parts marked.
  function peek(event) {
    const details = event.target;
    if (!details.open || !details.matches?.("details.peek") || details.dataset.filled) return;
    const detail = document.querySelector(`#exchange-${details.dataset.exchange} > .detail`);
    if (!detail) return;
    details.dataset.filled = "yes";
    details.querySelector("p")?.remove();
    const copied = detail.cloneNode(true);
    const finding = details.closest("details.finding").id;
    copied.querySelector(".rests")?.remove();
    for (const mark of copied.querySelectorAll("mark")) {
      if (mark.dataset.for.split(" ").includes(finding)) mark.removeAttribute("title");
      else mark.replaceWith(...mark.childNodes);
    }
    details.append(copied);
  }

  // What scrolls must be reached by keys, which not every browser sees to by itself.
  function reach(details) {
    if (!details.open) return;
    for (const text of details.querySelectorAll("pre")) if (text.scrollHeight > text.clientHeight) text.tabIndex = 0;
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

  // On the line of a finding, arrow keys go to the next one that is shown.
  function step(event) {
    const finding = event.target.matches?.("details.finding > summary") && event.target.parentElement;
    if (!finding || event.ctrlKey || event.metaKey || event.altKey) return;
    const seen = findings.filter((other) => !other.hidden);
    const at = seen.indexOf(finding);
    const goal = { ArrowDown: seen[at + 1], ArrowUp: seen[at - 1], Home: seen[0], End: seen.at(-1) }[event.key];
    if (!goal) return;
    event.preventDefault();
    goal.querySelector("summary").focus();
  }

  function slash(event) {
    if (event.key !== "/" || !form || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("input, select, textarea")) return;
    event.preventDefault();
    form.elements.text.focus();
  }

  let opened = [];
  addEventListener("beforeprint", () => {
    const grave = "details:is(.failed, .error, .warned):not([open]), details.exchange.marked:not([open])";
    opened = [...document.querySelectorAll(grave)];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => { for (const details of opened) details.open = false; });
  document.addEventListener("toggle", (event) => { peek(event); reach(event.target); }, true);
  for (const finding of findings) reach(finding);
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button.copier");
    if (button) copy(button);
    const figure = form && event.target.closest?.("a[data-filter]");
    if (figure && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      narrow(figure.dataset);
    }
  });
  document.addEventListener("keydown", (event) => { slash(event); step(event); });
  for (const button of document.querySelectorAll("button.copier")) button.hidden = false;
  if (form) {
    const fold = (open) => { for (const finding of findings) if (!finding.hidden) finding.open = open; };
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
    form.elements.unfold.addEventListener("click", () => fold(true));
    form.elements.fold.addEventListener("click", () => fold(false));
    // What a link lands on must not lie under the bar.
    new ResizeObserver(() => {
      const sticks = getComputedStyle(form).position === "sticky";
      document.documentElement.style.setProperty("--bar", sticks ? `${form.offsetHeight}px` : "0px");
    }).observe(form);
    filter();
  }
  addEventListener("hashchange", land);
  land();
})();
