// Finding a person without a code: in the slice by name, digits or room; by any document; by name
// and telephone when there is no paper at all.

import { html, nothing } from "lit-html";

import { bigButton, choice, emptyState, field, list, note, row } from "../parts/index.js";
import { ofForm, ofResident } from "../rules/persons.js";
import { pick, t } from "../words/index.js";
import { ask } from "./sampling_asks.js";
import { deskOf, personOf, queued, takeRead } from "./sampling_desk.js";

const TYPES = [
  ["resident_id", "居民身份证"], ["passport", "护照"], ["hmt_residence", "港澳台居民居住证"],
  ["home_return", "港澳居民来往内地通行证"], ["taiwan_permit", "台湾居民来往大陆通行证"],
  ["foreign_residence", "外国人永久居留身份证"], ["officer_card", "军官证"], ["household_book", "户口簿"],
  ["newborn", "新生儿"], ["none", "无证件"],
];

const HINTS = {
  passport: "也可以扫护照下方的两行字符",
  newborn: "监护人证件号/出生日期/第几个，如 …/20261101/1",
  household_book: "户号-页码",
};

export const screen = {
  name: "search",
  title: () => t("找人、证件"),
  roles: ["sampler", "site_supervisor", "community_worker"],
  link: "collect",
  icon: "search",
  enter: (app, params) => {
    params.way ??= "search";
    params.text ??= "";
    params.form ??= { type: "resident_id", number: "", country: "", name: "", phone: "" };
    params.fault = null;
  },
  view,
  scan: chosenByScan,
};

function view(app) {
  const { way } = app.params;
  return html`<div class="search-page">
    ${choice({
      label: t("怎样找"), name: "way", bare: true, value: way,
      options: [{ value: "search", label: t("本点名单") }, { value: "document", label: t("证件、无证件") }],
      onChange: (to) => {
        app.params.way = to;
        app.draw();
      },
    })}
    ${way === "search" ? register(app) : form(app)}
  </div>`;
}

/** Back to the table, where the person goes into the tube in hand. */
function give(app, person) {
  if (app.params.back) { // search stands where the table stood
    app.replace("sampling", { given: person, back: app.params.back });
    return;
  }
  deskOf(app).given = person;
  app.back();
}

function register(app) {
  const { text } = app.params;
  if (!app.slice?.count) {
    return emptyState({ icon: "people", title: t("本机没有名单"), text: t("可以按证件登记，名单有网时再取。") });
  }
  const { found, total } = text.trim() ? app.slice.search(text) : { found: [], total: 0 };
  return html`${field({
    label: t("姓、证件后四位、楼号房号"), name: "find", value: text, placeholder: t("如 李 0123 或 3-201"), autofocus: true,
    onInput: (value) => {
      app.params.text = value;
      app.draw();
    },
  })}
  ${text.trim() ? html`<p class="found" aria-live="polite">${total > found.length
    ? t("{n} 人，只列前 {most} 人，请写得细一些", { n: total, most: found.length }) : t("{n} 人", { n: total })}</p>` : nothing}
  ${list(found, (one) => residentRow(app, one), {
    key: (one) => one.key, label: t("找到的人"),
    empty: text.trim() ? emptyState({ icon: "search", title: t("名单里没有"), text: t("换个写法，或按证件登记。") }) : nothing,
  })}`;
}

function residentRow(app, one) {
  const told = app.slice.round(app.round?.id)?.sampledAt(one.index);
  return row({
    title: html`${one.name} <span class="code">${one.tail}</span>`,
    sub: [one.building, one.room].filter(Boolean).join(" "),
    meta: told ? t("已采") : "", tone: told ? "look" : null, icon: "person",
    act: () => give(app, ofResident(one)), name: `resident-${one.index}`,
  });
}

function form(app) {
  const { form: f, fault } = app.params;
  const put = (key) => (value) => {
    f[key] = value;
    app.params.fault = null;
    if (key === "type") app.draw();
  };
  const none = f.type === "none";
  const submit = (e) => {
    e.preventDefault();
    queued(app, () => register_(app));
  };
  return html`<form class="document-form" @submit=${submit}>
    <div class="field"><label for="doc-type">${t("证件种类")}</label>
      <select id="doc-type" name="type" @change=${(e) => put("type")(e.target.value)}>
        ${TYPES.map(([value, zh]) => html`<option value=${value} ?selected=${value === f.type}>${t(zh)}</option>`)}
      </select></div>
    ${none ? nothing : field({ label: t("证件号码"), name: "number", value: f.number, maxlength: 90, onInput: put("number"),
      hint: HINTS[f.type] ? t(HINTS[f.type]) : null, problem: fault?.number })}
    ${f.type === "passport" ? field({ label: t("国家或地区"), name: "country", value: f.country, maxlength: 30, onInput: put("country"), hint: t("如 GB 或 英国"), problem: fault?.country }) : nothing}
    ${field({ label: t("姓名"), name: "name", value: f.name, maxlength: 100, onInput: put("name"), problem: fault?.name,
      hint: none ? null : t("名单里有的人，姓名和电话可以不写") })}
    ${field({ label: t("电话"), name: "phone", value: f.phone, maxlength: 20, type: "tel", inputmode: "tel", onInput: put("phone"),
      problem: fault?.phone, hint: none ? t("没有证件时，姓名和电话都要写") : null })}
    ${none ? note("look", t("没有证件：只按姓名和电话登记。")) : nothing}
    ${bigButton(t("登记此人"), () => {}, { tone: "accent", submit: true, name: "register" })}
  </form>`;
}

async function register_(app) {
  const f = app.params.form;
  const none = f.type === "none";
  const fault = {};
  if (none && !f.name.trim()) fault.name = t("请写姓名。");
  if (none && !f.phone.trim()) fault.phone = t("请写电话。");
  if (!none && !f.number.trim()) fault.number = t("请写号码。");
  if (Object.keys(fault).length) {
    app.params.fault = fault;
    return app.draw();
  }
  try {
    return give(app, await ofForm(f, app.slice));
  } catch (problem) {
    if (!problem.code) throw problem;
    const answer = { zh: problem.sentence("zh"), en: problem.sentence("en"), code: problem.code };
    app.params.fault = { [problem.code === "document_country" ? "country" : "number"]: pick(answer) };
    const odd = problem.code === "document_check_digit" || problem.code === "document_birth_date";
    if (odd) ask(app, { kind: "seen", answer, doc: { type: f.type, number: f.number, name: f.name.trim(), phone: f.phone.trim() || null } });
    return app.draw();
  }
}

/** A person's code or document read here goes straight to the table. */
async function chosenByScan(app, read) {
  const person = read.problem ? null : await personOf(app, read);
  if (person) return give(app, person);
  if (read.kind === "tube") {
    app.replace("sampling", {});
    return takeRead(app, read);
  }
  app.say("stop", read.problem ? pick({ zh: read.problem.sentence("zh"), en: read.problem.sentence("en") }) : t("请扫居民码或证件。"), {
    code: read.problem?.code ?? "wrong_kind" });
  return null;
}

