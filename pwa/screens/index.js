// All screens, by name: the router knows no other.
import { screen as welcome } from "./welcome.js";
import { screen as enrol } from "./enrol.js";
import { screen as sign_in } from "./sign_in.js";
import { screen as shift } from "./shift.js";
import { screen as shift_end } from "./shift_end.js";
import { screen as home } from "./home.js";
import { screen as outbox } from "./outbox.js";
import { screen as carry } from "./carry.js";
import { screen as settings } from "./settings.js";
import { screen as practice } from "./practice.js";
import { screen as sampling } from "./sampling.js";
import { screen as tube } from "./tube.js";
import { screen as person } from "./person.js";
import { screen as search } from "./search.js";
import { screen as packing } from "./packing.js";
import { screen as hand_over } from "./hand_over.js";
import { screen as reception } from "./reception.js";
import { screen as doors } from "./doors.js";
import { screen as door } from "./door.js";

export const screens = [
  welcome, enrol, sign_in, shift, shift_end, home, outbox, carry, settings, practice, sampling, tube, person,
  search, packing, hand_over, reception, doors, door,
];
