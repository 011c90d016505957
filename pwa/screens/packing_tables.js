// What tables showed by their QR codes: kept on this phone for the shift; numbers only, nothing personal.
import { Collector } from "../journal/frames.js";
import { readTable, tableKey } from "../rules/packing.js";

const STORE = "screening-tables";
const kept = new WeakMap();

function load(app) {
  if (app.practice) return new Map();
  try {
    const { site, tables } = JSON.parse(localStorage.getItem(STORE) ?? "{}");
    if (!tables || site !== String(app.place?.id)) return new Map();
    return new Map(tables.map((list) => readTable(list, null)).filter(Boolean).map((one) => [tableKey(one), one]));
  } catch {
    return new Map(); // a list that cannot be read is scanned again
  }
}

function save(app, tables) {
  if (app.practice) return;
  const plain = [...tables.values()].map((one) => ({
    table: one.table, device: one.device, at: one.at,
    tubes: [...one.tubes].map(([number, x]) => [number, x.n, x.at, x.sent]),
  }));
  try {
    localStorage.setItem(STORE, JSON.stringify({ site: String(app.place?.id), tables: plain }));
  } catch {
    // no room: the lists live in memory until the page is closed
  }
}

/** @returns {{tables: Map<string, import("../rules/packing.js").Table>, collector: Collector}} */
function deskOf(app) {
  const place = String(app.place?.id);
  let desk = kept.get(app);
  if (!desk || desk.place !== place || desk.practice !== app.practice) {
    desk = { place, practice: app.practice, collector: new Collector(), tables: null };
    desk.tables = load(app);
    kept.set(app, desk);
  }
  return desk;
}

/** The lists heard so far. */
export const tablesOf = (app) => [...deskOf(app).tables.values()];

/**
 * One more frame of a chain of a table.
 * @returns {Promise<{state: "part"|"done"|"bad"|"foreign", have?: number, n?: number, list?: object,
 *   table?: object}>} `list`: the payload as it was shown
 */
export async function hearFrame(app, text) {
  const desk = deskOf(app);
  let told = await desk.collector.add(text);
  if (told.state === "other") {
    desk.collector.begin();
    told = await desk.collector.add(text);
  }
  if (told.state === "part" || told.state === "repeat") return { state: "part", have: told.have, n: told.n };
  desk.collector.begin();
  if (told.state !== "done") return { state: "bad" };
  return hearList(app, parsed(told.payload));
}

function parsed(payload) {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

/** A whole list. */
export function hearList(app, list) {
  if (!list) return { state: "bad" };
  const site = list.site == null ? null : String(list.site);
  const table = readTable({ ...list, site }, app.place?.id == null ? null : String(app.place.id));
  if (!table) return { state: list.tubes ? "foreign" : "bad", list };
  const { tables } = deskOf(app);
  tables.set(tableKey(table), table);
  save(app, tables);
  return { state: "done", table, list };
}

/** At the end of a shift: what tables said is of no use any more. */
export function forgetTables(app) {
  kept.delete(app);
  try {
    localStorage.removeItem(STORE);
  } catch {
    // nothing was kept
  }
}
