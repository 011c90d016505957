// What went wrong, in the user's words: the server's own sentence where it gave one.
import { t } from "../words/index.js";

const SENTENCES = {
  bad_sign_in: "工号、工作证或口令不对",
  not_here: "您在本点没有岗位，请本点负责人在电脑上授权",
  must_change_password: "首次口令要先在电脑上改掉",
  too_many: "试得太多，请过一会儿再试",
  device_stopped: "本机已被服务器停用",
  store_full: "手机存储已满，这一条没有记下。请先上传或导出，再清理空间。",
};

/** @param {any} fault @param {string} [offline] what to say when there is no network */
export function sentenceOf(fault, offline = null) {
  if (isOffline(fault)) return offline ?? t("没有网络");
  const own = SENTENCES[fault?.code];
  const said = typeof fault?.sentence === "function" ? fault.sentence() : fault?.sentence;
  return said || (own ? t(own) : t("没有办成（{code}），请再试一次", { code: fault?.code ?? fault?.name ?? "?" }));
}

export const isOffline = (fault) => Boolean(fault?.offline || fault?.name === "Offline");
