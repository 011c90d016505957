// What tables showed by their QR codes: kept, sealed, until the next shift; numbers only, nobody's name.
import { Collector } from "../journal/frames.js";
import { readTable, tableKey } from "../rules/packing.js";

const kept = new WeakMap();
const HOURS = 24; // a list of yesterday says nothing of today

/** @returns {{tables: Map<string, import("../rules/packing.js").Table>, collector: Collector}} */
function deskOf(app) {
  let desk = kept.get(app);
  if (!desk || desk.backing !== app.backing || desk.place !== app.place?.id) {
    desk = { backing: app.backing, place: app.place?.id, collector: new Collector(), tables: new Map() };
    kept.set(app, desk);
  }
  return desk;
}

/** The lists heard so far. */
export const tablesOf = (app) => [...deskOf(app).tables.values()];

/** After a reload: the lists of this place. */
export async function recallTables(app) {
  const desk = deskOf(app);
  if (desk.tables.size) return;
  const told = await app.recall("tables");
  if (told?.place !== String(desk.place)) return;
  for (const list of told.tables) {
    const table = readTable(list, null);
    if (table && app.now() - table.at < HOURS * 3600_000) desk.tables.set(tableKey(table), table);
  }
  app.draw();
}

const save = (app, { tables, place }) => app.remember("tables", {
  place: String(place),
  tables: [...tables.values()].map((one) => ({
    table: one.table, device: one.device, at: one.at,
    tubes: [...one.tubes].map(([number, x]) => [number, x.n, x.at, x.sent]),
  })),
});

/**
 * One more frame of a chain of a table.
 * @returns {Promise<{state: "part"|"done"|"bad"|"foreign", have?: number, n?: number, list?: object,
 *   table?: object}>} `list`: the payload as it was shown
 */
export async function hearFrame(app, text) {
  const { collector } = deskOf(app);
  let told = await collector.add(text);
  if (told.state === "other") {
    collector.begin();
    told = await collector.add(text);
  }
  if (told.state === "part" || told.state === "repeat") return { state: "part", have: told.have, n: told.n };
  collector.begin();
  return told.state === "done" ? hearList(app, parsed(told.payload)) : { state: "bad" };
}

function parsed(payload) {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

async function hearList(app, list) {
  if (!Array.isArray(list?.tubes)) return { state: "bad" };
  const own = String(app.place?.id ?? "");
  if (list.site != null && own && String(list.site) !== own) return { state: "foreign", list };
  const table = readTable(list, null);
  if (!table.tubes.size) return { state: "done", table, list };
  const desk = deskOf(app);
  desk.tables.set(tableKey(table), table);
  await save(app, desk);
  return { state: "done", table, list };
}
