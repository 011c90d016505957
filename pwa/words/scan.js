// English of the Chinese texts (scan).
export const words = {
  "没有相机权限。请在浏览器的网站设置里允许相机，再点“重试”；也可以用扫码枪或手工输入。":
    "No permission for the camera. Allow it in the browser's site settings and press Try again, or use a scanner or type.",
  "没有找到相机。请用扫码枪，或手工输入。": "No camera was found. Use a scanner, or type.",
  "相机被别的应用占用了。请关掉那个应用，再点“重试”。":
    "Another app is using the camera. Close it and press Try again.",
  "这个页面不是可信的 HTTPS 地址，浏览器不给相机。请联系管理员换用 HTTPS 地址。":
    "This page is not on a trusted HTTPS address, so the browser gives no camera. Ask the administrator for the HTTPS address.",
  "识码组件没有装好。联网打开一次本应用，再点“重试”。":
    "The decoder is not installed. Open the app once with a network and press Try again.",
  "相机打不开。请点“重试”，或拍一张照片来读码。":
    "The camera does not open. Try again, or take a picture to read the code.",
  "照片里没有读到码，请靠近一点、对正、避开反光再拍。":
    "No code was read in the picture. Go closer, hold straight, avoid glare, and take another.",
  正在打开相机: "Opening the camera",
  重试: "Try again",
  手电: "Torch",
  关闭手电: "Torch off",
  换相机: "Other camera",
  放大: "Zoom",
  拍照读码: "Read from a picture",
};
