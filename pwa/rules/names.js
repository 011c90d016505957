// Names and document numbers as screens may show them; the rules of screening/registry/names.py
// and documents.py. Rare characters are kept as they are.

const DOT = "·";
const DOTS = /[•・‧∙⋅᛫●]|(?<=[\u4e00-\u9fff])[.](?=[\u4e00-\u9fff])/g;
const FOLDED = /[^\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\ue000-\uf8ff\uf900-\ufaff\u{20000}-\u{3ffff}]+/gu;
const IDEOGRAPH = "\\u3400-\\u9fff\\ue000-\\uf8ff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}〇々";
const BETWEEN = new RegExp(`(?<=[${IDEOGRAPH}]) (?=[${IDEOGRAPH}])`, "gu");
const CHINESE = new RegExp(`^[${IDEOGRAPH}]`, "u");
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060\ufeff]/g; // eslint-disable-line no-control-regex

// Two-character surnames in use: the same list as the register's.
const DOUBLE = new Set((
  "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 司空 夏侯 端木 轩辕 长孙 宇文 " +
  "独孤 南宫 拓跋 百里 呼延 西门 公冶 澹台 濮阳 淳于 太史 申屠 仲孙 钟离 闻人 赫连 鲜于 " +
  "闾丘 亓官 司寇 子车 颛孙 巫马 公西 漆雕 乐正 壤驷 公良 夹谷 宰父 谷梁 段干 东郭 南门 " +
  "羊舌 微生 梁丘 左丘 东门 第五 歐陽 司馬 諸葛 東方 尉遲 公孫 軒轅 長孫 獨孤 南宮 西門 " +
  "鍾離 聞人 赫連 鮮于 澹臺 濮陽"
).split(" "));

/** The name as it is kept: half width, one kind of dot, no stray spaces, every character. */
export function normaliseName(text) {
  const plain = text.replace(FOLDED, (run) =>
    run.replace(UNSEEN, " ").normalize("NFKC").replaceAll("\u3000", " "));
  return plain
    .replace(DOTS, DOT)
    .replace(/\s+/g, " ")
    .replace(new RegExp(`^[ ${DOT}]+|[ ${DOT}]+$`, "g"), "")
    .replace(new RegExp(` *${DOT} *`, "g"), DOT)
    .replace(BETWEEN, "");
}

/** The surname, and a star for each character after it. */
export function maskName(text) {
  const name = normaliseName(text);
  const dot = name.indexOf(DOT);
  if (dot >= 0) {
    return name.slice(0, dot + 1) + name.slice(dot + 1).replace(new RegExp(`[^${DOT}]`, "gu"), "*");
  }
  if (!CHINESE.test(name)) return name.replace(/(?<=[^\s-])[^\s-]/gu, "*");
  const chars = [...name];
  const kept = chars.length > 2 && DOUBLE.has(chars.slice(0, 2).join("")) ? 2 : 1;
  return chars.slice(0, kept).join("") + "*".repeat(chars.length - kept);
}

/** Whether a name told fits the masked one the register gives. */
export const fitsMask = (told, masked) => maskName(told).toUpperCase() === masked.toUpperCase();

/** What is called out: the surname alone. 李** → 李, J*** S**** → J. */
export function surname(name) {
  if (!name) return "";
  if (name.includes(DOT)) return name.slice(0, name.indexOf(DOT));
  if (!CHINESE.test(name)) return name.split(/[\s*]/)[0];
  const bare = name.replace(/\*+$/, "");
  if (bare !== name) return bare;
  return maskName(name).replace(/\*+$/, "");
}

