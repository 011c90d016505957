// Files dropped anywhere on the page go into the form's file field, and the form is sent.
// Without it the field itself takes many files.

/** The files of a drag, without folders (which have no type and no size on most systems). */
export function filesOf(transfer) {
  return [...(transfer?.files ?? [])].filter((file) => file.size > 0 || file.type !== "");
}

export function carries(transfer) {
  return [...(transfer?.types ?? [])].includes("Files");
}

function listen(form) {
  const field = form.querySelector('input[type="file"]');
  const over = (event) => {
    if (!carries(event.dataTransfer)) return;
    event.preventDefault();
    form.classList.add("drop-over");
  };
  document.addEventListener("dragenter", over);
  document.addEventListener("dragover", over);
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) form.classList.remove("drop-over");
  });
  document.addEventListener("drop", (event) => {
    if (!carries(event.dataTransfer)) return;
    event.preventDefault();
    form.classList.remove("drop-over");
    const files = filesOf(event.dataTransfer);
    if (files.length === 0) return;
    const all = new DataTransfer();
    for (const file of files) all.items.add(file);
    field.files = all.files;
    form.requestSubmit();
  });
}

if (globalThis.document) {
  for (const form of document.querySelectorAll("form[data-drop]")) listen(form);
}
