// The app's own pictures, one path each on a 24 grid; always beside a word, so hidden from readers.
import { html } from "lit-html";

const PATHS = {
  ok: "M4 12.5l5.5 5.5L20 7",
  look: "M12 4L2.5 20.5h19zM12 10v5M12 17.6v.4",
  stop: "M8 2.5h8l5.5 5.5v8L16 21.5H8L2.5 16V8zM8.5 8.5l7 7M15.5 8.5l-7 7",
  back: "M14.5 5l-7 7 7 7",
  next: "M9.5 5l7 7-7 7",
  close: "M6 6l12 12M18 6L6 18",
  more: "M12 5.5v.1M12 12v.1M12 18.5v.1",
  settings: "M4 7h9M17 7h3M4 17h3M11 17h9M15 4.8v4.4M9 14.8v4.4",
  camera: "M3 8h4l2-3h6l2 3h4v11H3zM12 17a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
  keyboard: "M2.5 6.5h19v11h-19zM6 10h.1M9 10h.1M12 10h.1M15 10h.1M18 10h.1M8 14h8",
  scan: "M3 8V4h4M17 4h4v4M21 16v4h-4M7 20H3v-4M7 8v8M10.5 8v8M14 8v8M17 8v8",
  torch: "M8 3h8v4l-2 3v11h-4V10L8 7zM12 13v2",
  person: "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 21c.4-4.6 3.3-7 7.5-7s7.1 2.4 7.5 7",
  people: "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20c.3-4 2.7-6 6.5-6s6.2 2 6.5 6M16 4.5a3.3 3.3 0 0 1 0 6.3M17.5 14.5c2.4.7 3.8 2.5 4 5.5",
  tube: "M8 3h8M9 3v15a3 3 0 0 0 6 0V3M9 12h6",
  box: "M3 8l9-4.5L21 8v8.5L12 21l-9-4.5zM3 8l9 4.5L21 8M12 12.5V21",
  seal: "M12 3l2.4 1.8 3-.1.9 2.8 2.5 1.7-1 2.8 1 2.8-2.5 1.7-.9 2.8-3-.1L12 21l-2.4-1.8-3 .1-.9-2.8-2.5-1.7 1-2.8-1-2.8 2.5-1.7.9-2.8 3 .1zM8.8 12l2.3 2.3 4.2-4.4",
  van: "M2.5 6h11v11h-11zM13.5 10h4l4 4v3h-8M7 19.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM17.5 19.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  lab: "M9 3h6M10 3v6l-5.5 10a1.4 1.4 0 0 0 1.2 2h12.6a1.4 1.4 0 0 0 1.2-2L14 9V3M7.5 15h9",
  door: "M6 21V3h12v18M3 21h18M14.5 12v.1",
  home: "M3 11.5L12 4l9 7.5M5.5 10v10.5h13V10",
  site: "M12 21s7-6.3 7-11.5A7 7 0 0 0 5 9.5C5 14.7 12 21 12 21zM12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
  badge: "M4 5h16v14H4zM9 12.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM6 16.5c.3-1.8 1.4-2.5 3-2.5s2.7.7 3 2.5M14.5 10h3M14.5 14h3",
  upload: "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
  download: "M12 4v12M7 11l5 5 5-5M4 20h16",
  cloud: "M7 18a4.5 4.5 0 0 1-.4-9A6 6 0 0 1 18 10a4 4 0 0 1-.5 8z",
  offline: "M7 18a4.5 4.5 0 0 1-.4-9A6 6 0 0 1 18 10a4 4 0 0 1-.5 8zM3 3l18 18",
  clock: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
  undo: "M8 5L3.5 9.5 8 14M3.5 9.5H15a5.5 5.5 0 0 1 0 11h-4",
  swap: "M4 8h15M15 4l4 4-4 4M20 16H5M9 12l-4 4 4 4",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L21 21",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  info: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.5v.1",
  lock: "M6 11h12v9.5H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  phone: "M6 3h3.5l1.5 5-2.5 1.5a12 12 0 0 0 6 6L16 13l5 1.5V18a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z",
  voice: "M4 9.5v5h3.5L12 19V5L7.5 9.5zM15.5 9a4.5 4.5 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  qr: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM17.5 17.5H20V20h-2.5zM17.5 14h2.5",
  sun: "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19M19 5l-1.7 1.7M6.7 17.3L5 19",
  temperature: "M10 14V5a2 2 0 0 1 4 0v9a4 4 0 1 1-4 0zM12 10v7",
  bin: "M4 7h16M9 7V4h6v3M6.5 7l1 13.5h9l1-13.5M10 11v6M14 11v6",
  note: "M5 3h10l4 4v14H5zM8.5 11h7M8.5 15h7",
  list: "M8.5 6H21M8.5 12H21M8.5 18H21M4 6h.1M4 12h.1M4 18h.1",
  flag: "M5 21V4h12l-2.5 4L17 12H5",
};

export const iconNames = Object.keys(PATHS);

/** A picture by name; unknown names draw nothing. */
export const icon = (name) => html`<svg class="icon icon-${name}" viewBox="0 0 24 24" aria-hidden="true"
  focusable="false"><path d=${PATHS[name] ?? ""} /></svg>`;
