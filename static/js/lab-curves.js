// A well of the map brings its curves to the front without asking the server again: by pointer while
// it is over the well, by keyboard while the well has the focus. A click leads to the well's own page.
const box = document.querySelector("[data-curves]");

function pick(well) {
  box.classList.toggle("curves-picked", Boolean(well));
  for (const path of box.querySelectorAll(".curve[data-well]")) {
    path.classList.toggle("picked", path.dataset.well === well);
  }
}

if (box) {
  const back = () => pick(box.dataset.picked);
  for (const link of box.querySelectorAll("[data-pick]")) {
    const show = () => pick(link.dataset.pick);
    link.addEventListener("pointerenter", show);
    link.addEventListener("focus", show);
    link.addEventListener("pointerleave", back);
    link.addEventListener("blur", back);
  }
}
