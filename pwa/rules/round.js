// A round as the slice tells it: mode and size here, who of the roster is sampled, who must be alone.

export function bytes(text) {
  const raw = atob((text ?? "").replaceAll("-", "+").replaceAll("_", "/"));
  const out = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
  return out;
}

export const view = (text) => new DataView(bytes(text).buffer);

export class Round {
  // private, so that a round kept through a reload does not drag the roster's flags along
  #told;
  #places = null; // index in the roster -> place in the lists of swabs
  #when;
  #where;
  #alone = null;

  constructor(json) {
    Object.assign(this, { ...json, sampled: undefined, single: undefined });
    this.#told = json;
  }

  /** When and where a line of the roster was sampled. @returns {{at: number, site: string}|null} */
  sampledAt(index) {
    const told = this.#told.sampled;
    if (!told?.index) return null;
    if (!this.#places) {
      const at = view(told.index);
      this.#places = new Map();
      for (let i = 0; i * 4 < at.byteLength; i++) this.#places.set(at.getUint32(i * 4), i);
      this.#when = view(told.at);
      this.#where = view(told.site);
    }
    const i = this.#places.get(index);
    if (i === undefined) return null;
    const name = (told.sites ?? this.#told.sites)?.[this.#where.getUint16(i * 2)];
    return { at: this.#when.getUint32(i * 4) * 60_000, site: name || "—" };
  }

  /** Whether a line of the roster must have a tube alone; why is not on the phone. */
  mustBeAlone(index) {
    this.#alone ??= bytes(this.#told.single);
    return Boolean((this.#alone[index >> 3] ?? 0) & (0x80 >> (index & 7)));
  }

  get count() {
    return this.#told.sampled?.index ? bytes(this.#told.sampled.index).length / 4 : 0;
  }
}
