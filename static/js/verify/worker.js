// Keeps the verifier's page, modules and newest list, so that it opens without a network.
// The list is asked for first and taken from the store only when nobody answers.

const STORE = "verify-1";
const PAGE = "/verify/";
const LIST = "/api/v1/proofs/verifier";
const PARTS = ["lang.js", "verify.js", "verify/bytes.js", "verify/proofs.js"].map((n) => `/static/js/${n}`);
const LOOKS = ["theme", "shell", "parts"].map((n) => `/static/css/${n}.css`);
const REST = ["/static/vendor/bootstrap/bootstrap.min.css", "/static/mark.svg", "/static/icons.svg"];
const KEPT = [PAGE, LIST, ...PARTS, ...LOOKS, ...REST];

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(STORE).then((store) => store.addAll(KEPT)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = async () => {
    const names = (await caches.keys()).filter((n) => n.startsWith("verify-") && n !== STORE);
    await Promise.all(names.map((n) => caches.delete(n)));
    await self.clients.claim();
  };
  event.waitUntil(old());
});

self.addEventListener("fetch", (event) => {
  const { origin, pathname } = new URL(event.request.url);
  if (event.request.method === "GET" && origin === self.location.origin && KEPT.includes(pathname)) {
    event.respondWith(answer(event.request, pathname));
  }
});

async function answer(request, path) {
  const store = await caches.open(STORE);
  try {
    const fresh = await fetch(request);
    if (fresh.ok) await store.put(path, fresh.clone());
    return fresh;
  } catch {
    return (await store.match(path)) ?? Response.error();
  }
}
