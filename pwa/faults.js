// Faults in words: what a person can do when something of the phone or the net failed.
import { getLang, t } from "./words/index.js";

const SENTENCES = {
  store_full: "手机空间不足，这一条没有记下。请清理空间后再扫一次。",
  other_writer: "另一个标签页在记录，这一条没有记下。请关闭其他标签页后重新打开。",
  other_tab: "应用已在另一个标签页打开，这里不能记录。",
  entry_too_long: "内容太长，没有记下。请缩短备注。",
};

/** One sentence for any fault; details of programs stay in the console. */
export function sentenceOf(fault) {
  if (fault?.sentence) return fault.sentence(getLang());
  if (SENTENCES[fault?.code]) return t(SENTENCES[fault.code]);
  if (fault?.code === "camera") return fault.message;
  return t("出了意外，没有记下。请再试一次；仍不行请重新打开应用。");
}
