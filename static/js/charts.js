// Draws <div class="chart" data-chart='{…}' role="img" aria-label="…"></div>: an ECharts option as
// JSON. A colour may be a name of theme.css ("--collect"). The same numbers stand in a table or a
// sentence beside it: a picture is never the only place. Tooltips are drawn on the canvas, since
// the policy of our pages takes no inline style.

const FONT = '"PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", system-ui, sans-serif';
const still = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false;

/** The option with every "--name" replaced by the colour of that name. */
export function paint(value, colour) {
  if (typeof value === "string") return value.startsWith("--") ? colour(value) : value;
  if (Array.isArray(value)) return value.map((v) => paint(v, colour));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, paint(v, colour)]));
  }
  return value;
}

/** What every chart of ours has in common; the option given wins. */
export function dress(option) {
  const { tooltip, ...rest } = option;
  return {
    animation: !still,
    textStyle: { fontFamily: FONT, color: "--ink-2" },
    grid: { left: 8, right: 16, top: 32, bottom: 8, containLabel: true },
    ...rest,
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, ...tooltip },
  };
}

async function draw(box) {
  if (box.dataset.drawn) return;
  box.dataset.drawn = "1";
  const { init } = await import("../vendor/echarts/echarts.js");
  const theme = getComputedStyle(document.documentElement);
  const chart = init(box);
  chart.setOption(paint(dress(JSON.parse(box.dataset.chart)), (n) => theme.getPropertyValue(n).trim()));
  chart.on("click", (at) => at.data?.href && location.assign(at.data.href));
  new ResizeObserver(() => chart.resize()).observe(box);
}

export function drawAll(within) {
  for (const box of within.querySelectorAll("[data-chart]")) draw(box);
}

if (globalThis.document) {
  drawAll(document);
  document.addEventListener("renewed", (event) => drawAll(event.target)); // poll.js changed a part
}
