// Kinds of identity documents and their names, as screening/registry/document_kinds.py.
import { ScanProblem } from "./problems.js";

export const KINDS = {
  resident_id: ["居民身份证", "Resident identity card"],
  hmt_residence: ["港澳台居民居住证", "Residence permit (Hong Kong, Macau, Taiwan)"],
  home_return: ["港澳居民来往内地通行证", "Mainland travel permit (Hong Kong, Macau)"],
  taiwan_permit: ["台湾居民来往大陆通行证", "Mainland travel permit (Taiwan)"],
  foreign_residence: ["外国人永久居留身份证", "Foreign permanent resident card"],
  passport: ["护照", "Passport"],
  officer_card: ["军官证", "Officer card"],
  household_book: ["户口簿", "Household book"],
  newborn: ["新生儿", "Newborn"],
  none: ["无证件", "No document"],
};

// What lists call them.
const SAID = {
  身份证: "resident_id", 二代身份证: "resident_id", "id card": "resident_id",
  港澳居民居住证: "hmt_residence", 台湾居民居住证: "hmt_residence", 港澳台居住证: "hmt_residence",
  回乡证: "home_return", 港澳通行证: "home_return", 港澳居民通行证: "home_return",
  台胞证: "taiwan_permit", 台湾通行证: "taiwan_permit", 台湾居民通行证: "taiwan_permit",
  外国人永久居留证: "foreign_residence", 外国护照: "passport", 士兵证: "officer_card",
  警官证: "officer_card", 户口本: "household_book", 新生儿无证件: "newborn", 无: "none",
};

const TYPES = new Map(Object.entries(SAID));
for (const [kind, names] of Object.entries(KINDS)) {
  for (const name of [kind, ...names]) TYPES.set(name.toLowerCase(), kind);
}

/** The type behind a code or a Chinese or English name; throws document_type. */
export function docType(text) {
  const plain = text.replace(/[\s()（）]/gu, "").toLowerCase();
  const found = TYPES.get(plain) ?? TYPES.get(text.trim().toLowerCase());
  if (!found) throw new ScanProblem("document_type");
  return found;
}
