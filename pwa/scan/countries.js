// The country on a passport, however it is written, as one two-letter code.
// The same answers as screening/registry/countries.py (tests/vectors/documents.json).

const TWO = (
  "AC AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ " +
  "BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CP CQ CR CU CV CW CX CY CZ DE DG DJ " +
  "DK DM DO DZ EA EC EE EG EH ER ES ET EU EZ FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN " +
  "GP GQ GR GS GT GU GW GY HK HM HN HR HT HU IC ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG " +
  "KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN " +
  "MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK " +
  "PL PM PN PR PS PT PW PY QA QO RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS " +
  "ST SV SX SY SZ TA TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM UN US UY UZ VA VC " +
  "VE VG VI VN VU WF WS XA XB XK YE YT ZA ZM ZW ZZ"
).split(" ");

// Three letters (ISO 3166, its former codes, the issuers of ICAO 9303-3) and then the two.
const THREE =
  "ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASCAC ASMAS ATAAQ ATFTF ATGAG " +
  "AUSAU AUTAT AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY " +
  "BLZBZ BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BURMM BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL " +
  "CHNCN CIVCI CMRCM CODCD COGCG COKCK COLCO COMKM CPTCP CPVCV CRICR CUBCU CUWCW CXRCX CYMKY " +
  "CYPCY CZECZ DDRDE DEUDE DGADG DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES " +
  "ESTEE ETHET FINFI FJIFJ FLKFK FRAFR FROFO FSMFM FXXFR GABGA GBDGB GBNGB GBOGB GBPGB GBRGB " +
  "GBSGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR GRDGD GRLGL GTMGT GUFGF " +
  "GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN IOTIO IRLIE IRNIR IRQIQ " +
  "ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH KIRKI KNAKN KORKR KWTKW " +
  "LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV MACMO MAFMF MARMA MCOMC " +
  "MDAMD MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN MNPMP MOZMZ MRTMR MSRMS " +
  "MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE NFKNF NGANG NICNI NIUNU NLDNL NORNO NPLNP " +
  "NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL PRIPR PRKKP PRTPT PRYPY " +
  "PSEPS PYFPF QATQA QUUEU REURE RKSXK ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG SGSGS SHNSH " +
  "SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI SWESE SWZSZ " +
  "SXMSX SYCSC SYRSY TAATA TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TMPTL TONTO TTOTT " +
  "TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM UNAUN UNKXK UNOUN URYUY USAUS UZBUZ VATVA " +
  "VCTVC VENVE VGBVG VIRVI VNMVN VUTVU WLFWF WSMWS XAAXA XBBXB XKKXK XXAZZ XXBZZ XXCZZ XXXZZ " +
  "YEMYE YMDYE ZAFZA ZARCD ZMBZM ZWEZW ZZZZZ";

const SAID = {
  D: "DE", UK: "GB", 香港: "HK", 中国香港: "HK", 澳门: "MO", 中国澳门: "MO", 台湾: "TW",
  中国台湾: "TW", 中华人民共和国: "CN", 大韩民国: "KR", 俄国: "RU", 俄罗斯联邦: "RU",
  朝鲜民主主义人民共和国: "KP", 无国籍: "ZZ", "UNITED STATES OF AMERICA": "US",
};

let table = null;

// Names come from the browser's own lists, asked once and only when a passport is met.
function known() {
  if (table) return table;
  table = new Map();
  for (const language of ["en", "zh"]) {
    const names = new Intl.DisplayNames([language], { type: "region", fallback: "none" });
    for (const code of TWO) {
      const name = names.of(code);
      if (name) table.set(name.toUpperCase(), code);
    }
  }
  for (const code of TWO) table.set(code, code);
  for (const pair of THREE.split(" ")) table.set(pair.slice(0, 3), pair.slice(3));
  for (const [name, code] of Object.entries(SAID)) table.set(name, code);
  return table;
}

/** ISO 3166 two letters for a code or a name in Chinese or English; null if not known. */
export const countryCode = (text) => known().get((text ?? "").trim().toUpperCase()) ?? null;

/** All countries for a list to choose from: [[code, name]], by name. */
export function countries(lang = "zh") {
  const names = new Intl.DisplayNames([lang], { type: "region", fallback: "none" });
  const states = TWO.filter((code) => !/^(AC|CP|CQ|DG|EA|EU|EZ|IC|QO|TA|UN|XA|XB|ZZ)$/.test(code));
  const rows = states.map((code) => [code, names.of(code) ?? code]);
  return rows.sort((a, b) => a[1].localeCompare(b[1], lang));
}
