// Enrolment: a one-time code and this phone's own public key make it a device of one place.
import { refreshSlice } from "./keeper.js";

/**
 * Register this phone. The key pair is made here and cannot be read out; unsent entries of an earlier
 * enrolment stay, under the key that signs them.
 * @returns {Promise<object>} the device
 * Throws Offline, ServerProblem (bad_enrol_code, too_many).
 */
export async function enrol(app, code, name = "") {
  const public_key = await app.backing.point();
  const out = await app.backing.post("/api/v1/devices", { code, name, public_key });
  const device = {
    id: String(out.device_id), name: out.name ?? name, kind: "phone", practice: Boolean(out.practice),
    site: text(out.site_id), lab: text(out.lab_id), server_key: out.server_public_key,
    state: "active",
  };
  await app.keep({ staff: null, place: null, table: null, round: null });
  app.useSlice(null);
  await app.backing.vault?.wipe("enrolled");
  await app.adopt(device);
  await refreshSlice(app); // names the place; whoever signs in next is admitted to it
  return app.device;
}

const text = (id) => (id === null || id === undefined ? null : String(id));
