// The service worker: the app's shell from this device first; never anything of /api.
//
// A new version is put beside the old one and waits: which version is served is written down in the
// cache "field-meta" and changes only when a page says so (outbox empty, a person agreed).
/* global VERSION, FILES */
const MINE = `field-${VERSION}`;
const META = "field-meta";
const CURRENT = "/field/.current";
const SHELL = "/field/";
const PAGES = [SHELL, "/field/manifest.webmanifest", "/static/mark.svg"];
const OURS = ["/static/vendor/field/", "/static/mark.svg", "/field/manifest.webmanifest"];

self.addEventListener("install", (event) => {
  event.waitUntil(fill().then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(settle().then(() => self.clients.claim()).then(tell));
});

self.addEventListener("message", (event) => {
  if (event.data?.type === "version") event.waitUntil(heal().then(tell));
  if (event.data?.type === "use") event.waitUntil(use());
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return;
  if (request.mode === "navigate" && url.pathname === SHELL) event.respondWith(serve(SHELL));
  else if (OURS.some((prefix) => url.pathname.startsWith(prefix))) event.respondWith(serve(url.pathname));
});

self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(wake());
});

self.addEventListener("periodicsync", (event) => {
  if (event.tag === "outbox") event.waitUntil(wake());
});

async function fill() {
  const cache = await caches.open(MINE);
  await cache.addAll([...FILES, ...PAGES].map((path) => new Request(path, { cache: "no-cache", credentials: "omit" })));
}

async function current() {
  const said = await (await caches.open(META)).match(CURRENT);
  const version = said ? await said.text() : null;
  return version && (await caches.has(`field-${version}`)) ? version : null;
}

/** The first version is served at once; a later one only when it is agreed to. */
async function settle() {
  const served = await current();
  if (served === null) return use();
  return drop([MINE, META, `field-${served}`]); // others waited and were never agreed to
}

/** A phone short of space may drop the caches and keep the worker: filled again while there is a network. */
async function heal() {
  const cache = await caches.open(`field-${(await current()) ?? VERSION}`);
  if (await cache.match(SHELL)) return;
  await fill().then(() => use(), () => {});
}

async function drop(kept) {
  const old = (await caches.keys()).filter((name) => name.startsWith("field-") && !kept.includes(name));
  await Promise.all(old.map((name) => caches.delete(name)));
}

async function use() {
  await (await caches.open(META)).put(CURRENT, new Response(VERSION));
  await drop([MINE, META]);
  await tell("used");
}

async function tell(type = "version") {
  const message = { type: typeof type === "string" ? type : "version", current: await current(), newest: VERSION };
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage(message);
}

async function serve(path) {
  const cache = await caches.open(`field-${(await current()) ?? VERSION}`);
  return (await cache.match(path)) ?? fetch(path, { credentials: "same-origin" });
}

/** Background Sync: an open page sends; this worker holds no keys. */
async function wake() {
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage({ type: "wake" });
}
