// The camera inside a host element: the picture, torch, zoom, other camera, still picture, words.
import { html, nothing, render } from "lit-html";

import { t } from "../words/index.js";
import { Camera, readPicture } from "./lens.js";

const PROBLEMS = {
  denied: () => t("没有相机权限。请在浏览器的网站设置里允许相机，再点“重试”；也可以用扫码枪或手工输入。"),
  missing: () => t("没有找到相机。请用扫码枪，或手工输入。"),
  busy: () => t("相机被别的应用占用了。请关掉那个应用，再点“重试”。"),
  insecure: () => t("这个页面不是可信的 HTTPS 地址，浏览器不给相机。请联系管理员换用 HTTPS 地址。"),
  decoder: () => t("识码组件没有装好。联网打开一次本应用，再点“重试”。"),
  other: () => t("相机打不开。请点“重试”，或拍一张照片来读码。"),
};
const UNREAD = () => t("照片里没有读到码，请靠近一点、对正、避开反光再拍。");

/**
 * Open the camera in `host`. The picture of a still is read and dropped.
 * @param {HTMLElement} host
 * What is wrong is said in `host` with its way out; `onProblem` is told the code.
 * @param {{onRead: (text: string) => any, onProblem?: (code: string) => void}} o
 * @returns {{stop: () => void, torch: (on: boolean) => Promise<void>, camera: Camera}}
 */
export function openCamera(host, { onRead, onProblem = () => {} }) {
  const state = { problem: null, unread: false, many: false };
  const camera = new Camera({
    onRead,
    onProblem: (code) => {
      state.problem = code;
      draw();
      onProblem(code);
    },
    onChange: () => {
      if (camera.stream) state.problem = null;
      draw();
    },
  });

  async function retry() {
    state.problem = null;
    draw();
    await camera.start();
    state.many = (await camera.cameras()).length > 1;
    draw();
    host.querySelector(".camera-window")?.scrollIntoView({ block: "nearest" });
  }

  async function still(e) {
    const input = e.target;
    const file = input.files[0];
    if (!file) return;
    const texts = await readPicture(file).catch(() => []);
    input.value = ""; // nothing of it stays
    state.unread = texts.length === 0;
    draw();
    for (const text of texts) onRead(text);
  }

  function draw() {
    if (closed) return;
    const { torch, zoom } = camera.abilities;
    render(html`
      ${state.problem ? html`<p class="camera-problem" role="alert">${PROBLEMS[state.problem]()}</p>` : html`
        <div class="camera-window">${camera.video}${camera.stream ? html`<span
          class="camera-aim" aria-hidden="true"></span>` : html`<p class="camera-wait" role="status">${t("正在打开相机")}</p>`}</div>`}
      ${state.unread ? html`<p class="camera-problem" role="alert">${UNREAD()}</p>` : nothing}
      <div class="camera-tools">
        ${state.problem ? html`<button type="button" class="btn" @click=${retry}>${t("重试")}</button>` : nothing}
        ${torch ? html`<button type="button" class="btn" aria-pressed=${String(camera.torchOn)}
          @click=${() => camera.torch(!camera.torchOn)}>${camera.torchOn ? t("关闭手电") : t("手电")}</button>` : nothing}
        ${state.many && !state.problem ? html`<button type="button" class="btn"
          @click=${() => camera.turn()}>${t("换相机")}</button>` : nothing}
        ${zoom ? html`<label class="camera-zoom">${t("放大")}<input type="range" min=${zoom.min}
          max=${Math.min(zoom.max, 5)} step=${zoom.step || 0.1} @input=${(e) => camera.zoom(Number(e.target.value))} /></label>` : nothing}
        <label class="btn camera-still">${t("拍照读码")}<input class="unseen" type="file" accept="image/*"
          capture="environment" @change=${still} /></label>
      </div>`, host);
  }

  let closed = false;
  draw();
  retry();
  return {
    camera,
    torch: (on) => camera.torch(on),
    stop() {
      camera.stop();
      render(nothing, host);
      closed = true;
    },
  };
}
