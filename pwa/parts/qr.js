// A QR code as an SVG picture: always dark on white, in both themes, with its quiet zone.
import { html, nothing } from "lit-html";
import { encode } from "uqr";

/** @param {string} text @param {{label?: string, caption?: any, ecc?: "L"|"M"|"Q"}} [o] */
export function qrPicture(text, o = {}) {
  const { data, size } = encode(text, { ecc: o.ecc ?? "M", border: 3 });
  let path = "";
  data.forEach((line, y) => {
    for (let x = 0; x < size; x += 1) {
      if (!line[x]) continue;
      let run = 1;
      while (line[x + run]) run += 1;
      path += `M${x} ${y}h${run}v1h-${run}z`;
      x += run;
    }
  });
  return html`<figure class="qr"><svg viewBox="0 0 ${size} ${size}" role="img" aria-label=${o.label ?? text}
    shape-rendering="crispEdges"><path class="qr-paper" d="M0 0h${size}v${size}H0z" /><path class="qr-ink" d=${path} /></svg>
    ${o.caption ? html`<figcaption>${o.caption}</figcaption>` : nothing}</figure>`;
}
