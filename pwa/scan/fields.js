// Text fields under a scanner: what they held before each key, and how to put that back.

const NOT_TEXT = /^(button|checkbox|color|file|hidden|image|radio|range|reset|submit)$/;

/** The text field that an event is about to write into; null when there is none. */
export function textField(e) {
  const element = e.composedPath?.()[0] ?? e.target;
  const name = element?.localName;
  const writes = name === "textarea" || (name === "input" && !NOT_TEXT.test(element.type));
  return writes && !element.readOnly && !element.disabled ? element : null;
}

const stateOf = (field) => {
  const whole = [field.value.length, field.value.length];
  const [from, to] = [field.selectionStart ?? whole[0], field.selectionEnd ?? whole[1]];
  return { value: field.value, from, to };
};

function put(field, { value, from, to }) {
  field.value = value;
  try {
    field.setSelectionRange(from, to);
  } catch {
    // Number and e-mail fields keep no caret.
  }
}

// What draws the screen must know that the text went again.
function tell(field) {
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export class Fields {
  constructor() {
    this.guarded = null;
    this.left = null;
    this.clear();
  }

  clear() {
    this.field = null;
    this.before = []; // the state before each key
  }

  /** Keys go to this field now; `anew` is called when it is another than before. */
  watch(field, anew) {
    if (this.field === field) return;
    anew();
    this.clear();
    this.field = field;
  }

  note(field) {
    this.before.push(stateOf(field));
  }

  /** Back to what stood before key number `i`. */
  restore(field, i) {
    this.reset(field, this.before[i] ?? stateOf(field));
  }

  /** Take the last `length` characters off. */
  cut(field, length) {
    const value = field.value.slice(0, -length);
    this.reset(field, { value, from: value.length, to: value.length });
  }

  // An open composition is ended by leaving the field: what it commits is then overwritten.
  reset(field, state) {
    const had = field.ownerDocument.activeElement === field;
    if (had) field.blur();
    put(field, state);
    if (had) field.focus({ preventScroll: true });
    put(field, state);
    tell(field);
    this.guarded = { field, state };
  }

  /** An input method may write after the read was taken out, up to the next key. */
  late(e) {
    const { field, state } = this.guarded ?? {};
    if (!field || !e.isTrusted || e.target !== field || field.value === state.value) return;
    put(field, state);
    tell(field);
  }

  calm() {
    this.guarded = null;
  }

  /** A read with a prefix begins: the field rests until `back`. */
  leave(field) {
    this.left = { field, state: stateOf(field) };
    field.blur();
  }

  back() {
    const left = this.left;
    this.left = null;
    if (!left?.field.isConnected) return;
    if (left.field.value !== left.state.value) {
      put(left.field, left.state);
      tell(left.field);
    }
    left.field.focus({ preventScroll: true });
    put(left.field, left.state);
  }
}
