// Packing: open a box, scan tubes in, type the count, seal. One task a step.
import { html } from "lit-html";

import { pick, t } from "../words/index.js";
import { boxInHand, choose, deskOf, resume, takeBox, takeSeal, takeTube } from "./packing_desk.js";
import { countView, fillView, openView } from "./packing_views.js";
import { compareView, doneView } from "./packing_seal.js";
import { hearFrame, recallTables } from "./packing_tables.js";
import { freshen, later, say, stepLine, tell, turned, wanted } from "./transport_desk.js";

const STEPS = () => [t("箱码"), t("装管"), t("点数"), t("封签")];
const STEP = { fill: 1, count: 2, compare: 3, done: 4 };
const VIEWS = { fill: fillView, count: countView, compare: compareView, done: doneView };

async function scan(app, read) {
  if (read.kind === "tables" && !read.problem) return hear(app, read);
  const wants = boxInHand(app) ? ["tube", "seal", "box"] : ["box", "tube"];
  const number = wanted(app, read, ...wants);
  if (!number) return null;
  if (read.kind === "box") return takeOther(app, number);
  if (read.kind === "seal") return takeSeal(app, number);
  if (deskOf(app).step === "count") deskOf(app).step = "fill"; // one more turned up before the count
  return takeTube(app, number);
}

/** Another box while one is in hand: asked, since a wrong scan would part the tubes. */
function takeOther(app, number) {
  const box = boxInHand(app);
  const desk = deskOf(app);
  if (!box || desk.step === "done" || box.box === number) return takeBox(app, number);
  const asked = app.choose({
    title: t("换到另一个箱子"), tone: "look", name: "other-box",
    text: t("手上的箱子还没有封，换箱后可以再回来。"),
    choices: [{ value: "yes", label: t("换箱"), tone: "brand" }, { value: "no", label: t("接着装原来的") }],
  });
  return later(app, asked.then((picked) => (picked === "yes" ? takeBox(app, number) : null)));
}

/** One frame of a table's list. */
async function hear(app, read) {
  const told = await hearFrame(app, `ST1.${read.id}.${read.i}.${read.n}.${read.chunk}`);
  if (told.state === "part") {
    return app.say("ok", t("台面清单 {have} / {n}", told), { code: "part" });
  }
  if (told.state === "foreign") return app.say("stop", t("这是别的采样点的清单。"), { code: "foreign_table" });
  if (told.state === "bad") return app.say("look", t("清单没有读全，请再扫一次。"), { code: "bad_frame" });
  const { table } = told;
  const answer = say("tables_heard", { table: table.table ?? table.device, n: table.tubes.size });
  return tell(app, answer, { voice: pick(answer) });
}

export const screen = {
  name: "packing",
  title: () => t("装箱"),
  icon: "box",
  link: "deliver",
  roles: ["packer", "site_supervisor"],
  enter(app, params) {
    resume(app);
    later(app, recallTables(app));
    freshen(app);
    if (params.batch) void choose(app, params.batch);
  },
  scan,
  view(app) {
    const desk = deskOf(app);
    turned(app, boxInHand(app) ? `packing ${desk.step}` : "packing");
    const view = boxInHand(app) ? VIEWS[desk.step] : openView;
    return html`${stepLine(boxInHand(app) ? STEP[desk.step] : 0, STEPS())}${view(app, desk)}`;
  },
};
