// Hand-over: seals and boxes are counted, two names, the time; and what the van holds.
import { html } from "lit-html";

import { t } from "../words/index.js";
import { begin, deskOf, go, hearBoxes, inVan, takeBadge, takeSeal, takeSite, takeUp } from "./hand_over_desk.js";
import { keepDraft } from "./hand_over_draft.js";
import { cargoView, confirmView, countView, doneView, sealsView, wayView, whoView } from "./hand_over_views.js";
import { freshen, later, stepLine, turned, wanted } from "./transport_desk.js";

const VIEWS = { seals: sealsView, count: countView, who: whoView, cargo: cargoView, confirm: confirmView, done: doneView };
const ORDER = Object.keys(VIEWS);
const STEPS = () => [t("封签"), t("箱数"), t("对方"), t("送往"), t("确认")];

async function scan(app, read) {
  const desk = deskOf(app);
  if (!desk.way) begin(app, inVan(app, read.number) ? "give" : "take");
  if (read.kind === "tables" && !read.problem) return hearBoxes(app, read);
  if (read.kind === "site" && !read.problem && desk.way === "take") return takeSite(app, read);
  if (desk.step === "who" || desk.step === "cargo") return scanBadge(app, read);
  const seal = wanted(app, read, "seal");
  if (!seal) return null;
  if (desk.step === "done") begin(app, desk.way);
  if (desk.step !== "seals") go(app, "seals"); // one more box turned up: counted again
  desk.typed = "";
  return takeSeal(app, seal);
}

function scanBadge(app, read) {
  const typed = read.kind === "unknown" && read.staff_no;
  return typed || wanted(app, read, "badge") ? takeBadge(app, read) : null;
}

export const screen = {
  name: "hand_over",
  title: (app) => (deskOf(app).way === "take" ? t("收箱") : t("交接")),
  icon: "van",
  link: "deliver",
  roles: ["packer", "courier", "site_supervisor"],
  enter(app, params) {
    const desk = deskOf(app);
    if (params.seal || desk.step === "done" || (!desk.seals.length && desk.step === "seals")) begin(app, params.way ?? (params.seal ? "give" : null));
    if (params.seal) takeSeal(app, params.seal);
    later(app, takeUp(app));
    freshen(app);
  },
  scan,
  view(app) {
    const desk = deskOf(app);
    later(app, keepDraft(app, desk));
    turned(app, `hand_over ${desk.way} ${desk.step}`);
    if (!desk.way) return wayView(app);
    return html`${stepLine(ORDER.indexOf(desk.step), STEPS())}${VIEWS[desk.step](app, desk)}`;
  },
};
