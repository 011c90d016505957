// Laboratory reception: a box by its seal, its tubes one by one, what is missing or too much.
import { html } from "lit-html";

import { t } from "../words/index.js";
import { deskOf, resume, takeSeal, takeTube } from "./reception_desk.js";
import { arriveView, finishView, listView, unpackView } from "./reception_views.js";
import { freshen, say, stepLine, tell, turned, wanted } from "./transport_desk.js";

const VIEWS = { list: listView, arrive: arriveView, unpack: unpackView, finish: finishView };
const ORDER = Object.keys(VIEWS);
const STEPS = () => [t("封签"), t("签到"), t("清点"), t("结束")];

function scan(app, read) {
  const desk = deskOf(app);
  const number = wanted(app, read, ...(desk.step === "list" ? ["seal", "tube"] : ["tube", "seal"]));
  if (!number) return null;
  if (read.kind === "seal") return takeSeal(app, number);
  if (desk.step === "arrive") return tell(app, say("look_at_seal"));
  return takeTube(app, number);
}

export const screen = {
  name: "reception",
  title: () => t("签收"),
  icon: "lab",
  link: "test",
  roles: ["lab_technician", "lab_reviewer"],
  enter(app, params) {
    if (params.seal) takeSeal(app, params.seal);
    else resume(app);
    freshen(app);
  },
  scan,
  view(app) {
    const desk = deskOf(app);
    turned(app, `reception ${desk.step}`);
    return html`${stepLine(ORDER.indexOf(desk.step), STEPS())}${VIEWS[desk.step](app, desk)}`;
  },
};
