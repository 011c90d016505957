// What a table tells the packer: the tubes it closed that lie on it still. Pure.

/** Closed tubes of this phone or table, the oldest first. */
export function closedOfTable(work, { table = null } = {}) {
  return [...work.tubes.values()]
    .filter((tube) => tube.state === "closed" && tube.n !== 0 && (tube.own || (table !== null && tube.table === table)))
    .sort((a, b) => (a.closed_at ?? 0) - (b.closed_at ?? 0));
}

/** The list that travels as QR codes: [number, n, closed_at, whether the server holds the close]. */
export function tableList(work, records, { site, table, device, at, held }) {
  const closes = new Map(records.filter((r) => r.entry.kind === "close").map((r) => [r.ref, r.seq]));
  return {
    site, table, device, at,
    tubes: closedOfTable(work, { table }).map((tube) => {
      const own = closes.get(tube.close_ref);
      return [tube.number, tube.n ?? tube.live, tube.closed_at, own === undefined || own <= held];
    }),
  };
}
