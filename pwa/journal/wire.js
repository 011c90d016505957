// One call to the server and what became of it, in the outbox machine's words.
const TIMEOUT_MS = 20_000;
const GZIP_FROM = 1_000;

/** No answer that tells what the server holds. */
class Unsent extends Error {
  constructor(event) {
    super(event.why);
    this.event = event;
  }
}

/** The event of a call that failed on the way; anything else is thrown on. */
export function onlyUnsent(problem) {
  if (!(problem instanceof Unsent)) throw problem;
  return problem.event;
}

export class Wire {
  constructor({ fetch = (...given) => globalThis.fetch(...given), timeout = TIMEOUT_MS }) {
    Object.assign(this, { fetch, timeout });
  }

  /** Lines of text, gzipped where that pays. */
  async post(path, body) {
    const bytes = new TextEncoder().encode(body);
    const headers = { "Content-Type": "application/x-ndjson" };
    if (bytes.length < GZIP_FROM || !globalThis.CompressionStream) return this.call(path, { method: "POST", headers, body: bytes });
    const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    const gzip = new Uint8Array(await new Response(packed).arrayBuffer());
    return this.call(path, { method: "POST", headers: { ...headers, "Content-Encoding": "gzip" }, body: gzip });
  }

  async call(path, options = {}) {
    const give = new AbortController();
    const timer = setTimeout(() => give.abort(), this.timeout);
    try {
      const said = await this.fetch(path, { cache: "no-store", credentials: "omit", redirect: "manual", ...options, signal: give.signal });
      const json = (said.headers.get("Content-Type") ?? "").includes("json");
      const answer = json ? await said.json() : null;
      if (said.ok && answer) return answer;
      if (said.ok || said.type === "opaqueredirect" || said.status < 400) throw new Unsent({ why: "portal" });
      const strange = answer === null && said.status < 500 && ![413, 429].includes(said.status);
      if (strange) throw new Unsent({ why: "portal" }); // our server refuses in JSON
      const retry_after = Number(said.headers.get("Retry-After")) || 0;
      throw new Unsent({ why: "http", status: said.status, code: answer?.code, retry_after });
    } catch (problem) {
      if (problem instanceof Unsent) throw problem;
      throw new Unsent({ why: give.signal.aborted ? "timeout" : "network" });
    } finally {
      clearTimeout(timer);
    }
  }
}
