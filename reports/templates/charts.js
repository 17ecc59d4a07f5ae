"use strict";
(() => {
  const charts = JSON.parse(document.getElementById("chart-data").textContent);
  const figures = [...document.querySelectorAll("figure.plot")];
  const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
  const PATTERNS = ["", "/", "x", "-", "\\", "+", ".", "|"];
  const SYMBOLS = ["circle", "square", "diamond", "cross", "triangle-up", "x"];
  const WIDEST_IN_PRINT = 640;
  const REST_MS = 700;
  const HEIGHT = 300;
  // A name in the legend takes so many pixels; its first two lines are in the height of every plot.
  const NAME = { width: 170, height: 19, free: 2 };
  const paper = matchMedia("print");

  // The library reads a small markup in every text that it draws: what came from outside must stay text.
  const plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\$/g, "&#36;");

  function colours() {
    const style = getComputedStyle(document.documentElement);
    const read = (name) => style.getPropertyValue(name).trim();
    return {
      text: read("--text"), soft: read("--soft"), line: read("--line"), card: read("--card"), mark: read("--mark"),
      series: [0, 1, 2, 3, 4, 5, 6, 7].map((number) => read(`--s${number}`)),
    };
  }

  function words(unit, value) {
    if (value === null || value === undefined) return "no value";
    const short = (number) => Number(number.toPrecision(3)).toLocaleString("en");
    if (unit === "s") return value < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`;
    if (unit === "percentile") return `p${Number((100 - 100 / value).toFixed(4))}`;
    if (unit === "share") return `${short(value * 100)}%`;
    return unit === "/s" ? `${short(value)}/s` : short(value);
  }

  function axis(of, ink) {
    const made = {
      title: { text: plain(of.title), font: { color: ink.soft, size: 12 }, standoff: 8 },
      type: of.log ? "log" : "linear", automargin: true, gridcolor: ink.line, linecolor: ink.soft, zeroline: false,
      tickfont: { color: ink.soft, size: 11 }, showline: true, ticks: "outside", tickcolor: ink.soft, ticklen: 4,
      exponentformat: "none", separatethousands: true, showspikes: false,
      // Below 0: without the outline that the library else draws around it.
      spikecolor: ink.soft, spikethickness: -1, spikedash: "dot", spikemode: "across", spikesnap: "data",
    };
    if (of.unit === "s") Object.assign(made, { tickformat: "~s", ticksuffix: "s", hoverformat: ".3~s" });
    if (of.unit === "share") made.tickformat = ",.3~%";
    if (of.unit === "/s" || of.unit === "count") made.hoverformat = ",.4~g";
    if (of.ticks.length) {
      Object.assign(made, { tickmode: "array", tickvals: of.ticks.map(([value]) => value), ticktext: of.ticks.map(([, label]) => plain(label)) });
    }
    if (of.span) made.range = of.span;
    else if (!of.log && of.unit !== "share") made.rangemode = "tozero";
    return made;
  }

  function interval(series) {
    if (!series.lows) return undefined;
    const away = (ends) => ends.map((end, place) => (end === null || series.y[place] === null ? 0 : Math.abs(end - series.y[place])));
    return { type: "data", symmetric: false, array: away(series.highs), arrayminus: away(series.lows), thickness: 1.5, width: 4 };
  }

  // A step holds until the next one; the last holds as long as the one before.
  const end = (x) => x.at(-1) + (x.length > 1 ? x.at(-1) - x.at(-2) : 1);

  // What a pointer shows of a point; the texts stand in a template of the library's.
  function told(series, chart) {
    const safe = plain(series.name).replace(/%/g, "&#37;");
    const places = series.widths
      ? series.x.map((x, number) => `${words(chart.x.unit, x)} to ${words(chart.x.unit, x + series.widths[number])}`)
      : series.x.map((x) => words(chart.x.unit, x));
    const at = chart.x.unit === "count" ? "" : "%{customdata}: ";
    const extra = chart.series.length > 1 ? safe : "";
    const value = series.y.map((y) => words(chart.y.unit, y));
    return { customdata: places, text: value, textposition: "none", hovertemplate: `${at}%{text}<extra>${extra}</extra>` };
  }

  function trace(series, number, chart, ink) {
    const colour = ink.series[number % ink.series.length];
    const steps = series.look === "steps" && series.x.length > 0;
    const common = {
      x: steps ? [...series.x, end(series.x)] : series.x, y: steps ? [...series.y, series.y.at(-1)] : series.y, name: plain(series.name),
      ...told(series, chart),
      error_y: interval(series), showlegend: chart.series.length > 1 || series.look === "stack",
    };
    if (series.look === "bars" || series.look === "stack") {
      const pattern = chart.series.length > 1 ? PATTERNS[number % PATTERNS.length] : "";
      return {
        ...common, y: series.y.map((value) => value || null), type: "bar", width: series.widths, offset: 0,
        marker: { color: colour, line: { color: ink.card, width: 1 }, pattern: { shape: pattern, bgcolor: colour, fgcolor: ink.card, size: 6, solidity: 0.25 } },
      };
    }
    const marker = { symbol: SYMBOLS[number % SYMBOLS.length], size: series.look === "points" ? 8 : 5, color: colour };
    const modes = { points: "markers", line: series.x.length <= 40 ? "lines+markers" : "lines", steps: "lines" };
    return {
      ...common, type: "scatter", mode: modes[series.look], marker, connectgaps: false,
      line: { color: colour, width: 2, dash: DASHES[number % DASHES.length], shape: steps ? "hv" : "linear" },
    };
  }

  function shape(mark, ink) {
    const other = mark.axis === "x" ? "y" : "x";
    const made = {
      xref: "x", yref: "y", [`${other}ref`]: "paper", [`${other}0`]: 0, [`${other}1`]: 1,
      [`${mark.axis}0`]: mark.start, [`${mark.axis}1`]: mark.end ?? mark.start,
    };
    if (mark.end === null) return { ...made, type: "line", line: { color: ink.mark, width: 1.5, dash: "dash" } };
    return { ...made, type: "rect", layer: "below", fillcolor: ink.mark, opacity: 0.1, line: { width: 0 } };
  }

  function label(mark, number, chart, ink) {
    const log = chart[mark.axis].log;
    const at = log ? Math.log10(mark.start) : mark.start;
    const common = { text: plain(mark.label), showarrow: false, font: { size: 11, color: ink.mark }, bgcolor: ink.card, opacity: 0.8, borderpad: 1 };
    if (mark.axis === "y") return { ...common, x: 1, xref: "paper", xanchor: "right", y: at, yanchor: "bottom" };
    if (mark.end !== null) return { ...common, x: at, xanchor: "left", y: 1, yref: "paper", yanchor: "bottom" };
    return { ...common, x: at, xanchor: "left", xshift: 2, y: 1, yref: "paper", yanchor: "top", yshift: -14 * number };
  }

  function height(chart, width) {
    const lines = Math.ceil(chart.series.length / Math.max(1, Math.floor(width / NAME.width)));
    return HEIGHT + NAME.height * Math.max(0, lines - NAME.free);
  }

  function layout(chart, ink, width, tall) {
    const bars = chart.series.some((series) => series.look === "bars");
    const unified = chart.x.unit === "count" ? `${plain(chart.x.name)} %{x}` : plain(chart.x.name);
    return {
      width, height: tall, autosize: width === undefined, margin: { l: 56, r: 12, t: 22, b: 40 }, barmode: "stack", bargap: 0,
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { color: ink.text, family: getComputedStyle(document.body).fontFamily, size: 12 },
      hovermode: bars ? "closest" : "x unified", hoverlabel: { bgcolor: ink.card, bordercolor: ink.soft, font: { color: ink.text, size: 12 } },
      legend: { orientation: "h", y: 1.09, yanchor: "bottom", x: 0, bgcolor: "rgba(0,0,0,0)", font: { color: ink.text, size: 12 }, itemwidth: 40 },
      xaxis: { ...axis(chart.x, ink), showspikes: !bars, unifiedhovertitle: { text: unified } }, yaxis: axis(chart.y, ink), dragmode: "zoom",
      shapes: chart.marks.map((mark) => shape(mark, ink)),
      annotations: chart.marks.map((mark, number) => label(mark, number, chart, ink)),
    };
  }

  const CONFIG = {
    responsive: true, displayModeBar: false, showTips: false,
  };

  function draw(figure) {
    const chart = charts[figure.dataset.chart];
    const canvas = figure.querySelector(".canvas");
    const ink = colours();
    const width = paper.matches ? Math.min(canvas.clientWidth, WIDEST_IN_PRINT) : undefined;
    const tall = height(chart, width ?? canvas.clientWidth);
    canvas.style.height = `${tall}px`;
    return Plotly.react(canvas, chart.series.map((series, number) => trace(series, number, chart, ink)), layout(chart, ink, width, tall), CONFIG);
  }

  // With the arrow keys, what a pointer shows is shown at one place after the other, and said.
  function walk(figure) {
    const chart = charts[figure.dataset.chart];
    const canvas = figure.querySelector(".canvas");
    const said = figure.querySelector("output");
    const places = [...new Set(chart.series.flatMap((series) => series.x))].sort((a, b) => a - b);
    let at = -1;
    const moves = { ArrowRight: () => at + 1, ArrowLeft: () => at - 1, Home: () => 0, End: () => places.length - 1 };
    function show() {
      const points = chart.series.map((series, curveNumber) => ({ curveNumber, pointNumber: series.x.indexOf(places[at]) }));
      const there = points.filter(({ pointNumber }) => pointNumber >= 0);
      Plotly.Fx.hover(canvas, { xval: places[at] }, "xy");
      const values = there.map(({ curveNumber, pointNumber }) => {
        const series = chart.series[curveNumber];
        return `${series.name} ${words(chart.y.unit, series.y[pointNumber])}`;
      });
      said.textContent = `${chart.x.name} ${words(chart.x.unit, places[at])}: ${values.join(", ")}`;
    }
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Escape") { Plotly.Fx.unhover(canvas); said.textContent = ""; return; }
      if (!moves[event.key]) return;
      event.preventDefault();
      at = Math.max(0, Math.min(places.length - 1, moves[event.key]()));
      show();
    });
    canvas.addEventListener("blur", () => { said.textContent = ""; });
  }

  async function load() {
    const text = document.getElementById("plotting-library").textContent;
    const packed = Uint8Array.fromBase64?.(text) ?? Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    if (!window.Plotly) throw new Error("the plotting library did not run");
  }

  // The library takes a second to compile, and each plot its while: what is in view comes first, one plot after another,
  // and what is not waits until the reader rests.
  const waiting = new Set(figures);
  const inView = new Set();
  let library;
  let working = false;
  let touched = performance.now();
  const root = document.documentElement;

  function next() {
    const left = figures.filter((figure) => waiting.has(figure));
    const rests = performance.now() - touched >= REST_MS;
    return left.find((figure) => inView.has(figure)) ?? (rests ? left[0] : undefined);
  }

  function done(figure) {
    if (!waiting.delete(figure)) return;
    walk(figure);
    figure.dataset.drawn = "";
    if (!waiting.size) root.dataset.plots = "drawn";
  }

  async function work() {
    if (working) return;
    working = true;
    for (let figure = next(); figure; figure = next()) {
      await (library ??= load());
      await draw(figure);
      done(figure);
      await new Promise((resolve) => { setTimeout(resolve); });
    }
    working = false;
  }

  function giveUp(error) {
    root.dataset.plots = "failed";
    for (const figure of figures) figure.querySelector("details").open = true;
    for (const note of document.querySelectorAll(".no-plots")) {
      note.textContent = `This browser cannot draw the plots (${error.message}); their figures are in the tables.`;
    }
  }

  const go = () => { work().catch(giveUp); };
  let resting;
  function touch() {
    touched = performance.now();
    clearTimeout(resting);
    if (waiting.size && root.dataset.plots !== "failed") resting = setTimeout(go, REST_MS);
  }
  for (const kind of ["keydown", "pointerdown", "wheel", "touchmove"]) addEventListener(kind, touch, { passive: true });
  if (document.readyState === "complete") touch();
  else addEventListener("load", touch);

  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) inView[isIntersecting ? "add" : "delete"](target);
    go();
  }, { rootMargin: "25%" });
  for (const figure of figures) watch.observe(figure);

  const again = () => { for (const figure of figures) if (!waiting.has(figure)) draw(figure); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  paper.addEventListener("change", again);
  // Paper shows all at once; what cannot be drawn in time is there as a table.
  addEventListener("beforeprint", () => {
    if (!window.Plotly) return;
    for (const figure of [...waiting]) {
      draw(figure);
      done(figure);
    }
  });
})();
