// What can be wrong with a read beyond the codes of codes.js, in both languages.
import { CodeProblem } from "./codes.js";

// Documents: word for word as screening/registry/document_kinds.py; resident codes as
// registry/signed_codes.py (tests compare them). The rest is the field app's own.
export const SAID = {
  document_type: { zh: "不认识这种证件类型。", en: "This kind of document is not known." },
  document_missing: { zh: "没有证件号码。", en: "The document number is missing." },
  document_length: {
    zh: "证件号码有 {length} 位，应为 {wanted} 位。",
    en: "The document number has {length} characters; it should have {wanted}.",
  },
  document_form: {
    zh: "号码的写法不符合所选的证件类型，请核对类型和号码。",
    en: "The number does not look like this kind of document; check both.",
  },
  document_check_digit: {
    zh: "证件号码最后一位校验不对，可能输错了一位。",
    en: "The last character of the number does not fit; one character is probably wrong.",
  },
  document_birth_date: {
    zh: "证件号码里的出生日期不存在。",
    en: "The birth date in the number cannot be.",
  },
  document_country: {
    zh: "护照要写明国家或地区。",
    en: "A passport needs its country, as a code or a name.",
  },
  document_spreadsheet: {
    zh: "号码被表格软件改成了科学计数，后几位已丢失；请把这一列设为文本后重新填写。",
    en: "A spreadsheet turned the number into 1.1E+17 and lost digits; make the column text.",
  },
  bad_code_signature: {
    zh: "居民码签名不符，可能是伪造的码，请用身份证。",
    en: "The resident code's signature is wrong; it may be forged: use the ID card.",
  },
  code_expired: {
    zh: "居民码已过期，请用身份证。",
    en: "The resident code has expired: use the ID card.",
  },
  use_id_card: {
    zh: "这个码读不出是谁，请用身份证。",
    en: "This code does not say who it is; use the ID card.",
  },
  mrz_check_digit: {
    zh: "证件机读行的校验位不对，请再扫一次，或改为手工输入。",
    en: "The check digits of the machine-readable lines do not fit; scan again or type the number.",
  },
  mrz_incomplete: {
    zh: "证件机读行没有读全，请再扫一次。",
    en: "The machine-readable lines are not complete; scan again.",
  },
  card_line: {
    zh: "读卡器这一行里没有证件号码，请检查“读卡器格式”的设置。",
    en: "The card reader's line holds no document number; check the card line setting.",
  },
  frame_damaged: {
    zh: "这一张二维码没有读全，请再扫一次。",
    en: "This QR code of the chain was not read whole; scan it again.",
  },
};

/** Why a read cannot be used, with its sentence. */
export class ScanProblem extends CodeProblem {
  sentence(lang = "zh") {
    const text = SAID[this.code];
    if (!text) return super.sentence(lang);
    return text[lang === "en" ? "en" : "zh"].replace(/\{(\w+)\}/g, (_, key) => this.details[key]);
  }
}
