// Brings the current page's item into view where the navigation is longer than the window.

const here = document.querySelector(".side-nav [aria-current]");
const side = here?.closest(".side");

if (side && side.scrollHeight > side.clientHeight) {
  side.scrollTop = here.offsetTop - side.clientHeight / 2;
}
