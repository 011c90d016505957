"""What instruments call their columns, and a well in which nothing was detected, by language."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

NOT_DETECTED = {
    "undetermined", "undet", "undet.", "no ct", "noct", "no cq", "nocq", "no cp", "n/a", "na",
    "#n/a", "nan", "n. def.", "n.def.", "n.a.", "-", "--", "---", "—", "none", "nd", "n.d.", "n. d.",
    "n/d", "not detected", "undetected", "no amplification", "no amp", "not determined", "no signal",
    "未检出", "无", "无ct", "未检测到", "未确定", "未定", "未测出", "未检测出", "無", "未檢出", "未檢測到",
    "未確定", "未検出", "検出されず", "検出せず", "不検出", "미검출", "불검출",
    "indéterminé", "indetermine", "n. déf.", "non déterminé", "non détecté", "pas de ct",
    "unbestimmt", "nicht bestimmt", "nicht nachweisbar", "nicht detektiert", "nicht ermittelt",
    "kein ct", "kein cq", "k. a.", "k.a.",
    "indeterminado", "no determinado", "sin determinar", "no detectado", "no detectable",
    "indeterminato", "non determinato", "non rilevato", "não determinado", "não detectado",
    "не определено", "не определен", "не обнаружено", "нет",
    # a number that is none, as Windows programs write it in the country's language
    "non numérique", "neun", "non un numero reale", "非数字", "非數值", "не число", "нечисло",
    "nie jest liczbą", "není číslo", "nem szám", "epäluku", "ikke et tal",
}  # fmt: skip
_NAN = ("nan (", "nan(")  # "NaN (Não é um número)", "NaN (icke-numeriskt)" and others


def is_not_detected(text: str) -> bool:
    word = " ".join(text.casefold().split())
    return word in NOT_DETECTED or word.startswith(_NAN)


# The same header in the languages that the makers' programs are sold in, and the spellings of one
# maker: the delta of (dRn) comes as d, as Greek Δ or as a sign that is no letter.
_NAMES = {
    "well": "puits pocillo pozzetto poço vertiefung kavität näpfchen лунка ウェル 웰",
    "wellposition": "positiondupuits positiondespuits posicióndelpocillo posicióndepocillo "
    "posizionepozzetto posizionedelpozzetto posiçãodopoço wellposition kavitätenposition "
    "vertiefungsposition wellpositionen положениелунки позициялунки 孔位置 ウェル位置 ウェルの位置 웰위치",
    "position": "posición posizione posição позиция",
    "sample": "échantillon muestra campione amostra образец проба サンプル 検体 시료 샘플",
    "samplename": "nomdeléchantillon nomdéchantillon nomdeéchantillon nomdeséchantillons probenname "
    "probenbezeichnung nombredelamuestra nombredemuestra nomecampione nomedelcampione "
    "nomedaamostra имяобразца названиеобразца имяпробы 樣品名稱 樣本名稱 サンプル名 検体名 샘플명 샘플이름",
    "sampleid": "probenid probennummer idéchantillon iddeléchantillon iddelamuestra idmuestra "
    "idcampione iddaamostra サンプルid 샘플id",
    "target": "cible ziel diana objetivo bersaglio alvo мишень ターゲット 標的 표적 타겟",
    "targetname": "nomdelacible nomdecible zielname zielbezeichnung nombredeladiana nombredediana "
    "nombredelobjetivo nombredeobjetivo nomebersaglio nomedelbersaglio nomedoalvo названиемишени "
    "имямишени 標的名 ターゲット名 目標名稱 타겟이름",
    "detector": "détecteur detektor detectoren",
    "detectorname": "nomdudétecteur detektorname nombredeldetector",
    "gene": "gen gène",
    "name": "nom nombre nome",
    "content": "contenu inhalt contenido contenuto conteúdo содержимое コンテンツ",
    "task": "tâche aufgabe tarea tarefa compito attività задача タスク",
    "reporter": "rapporteur レポーター",
    "fluor": "荧光团 螢光 флуорофор fluorophore fluorophor fluoróforo fluoroforo 蛍光 蛍光色素",
    "channel": "kanal canal canale канал チャンネル",
    "colour": "color farbe couleur colore cor цвет",
    "omit": "omettre auslassen omitir omettere ausgeschlossen exclure",
    "no": "nr",
    "type": "typ tipo тип",
    "ctdrn": "ctδrn ctrn cqdrn cqδrn cqrn",
    "ctdr": "ctδr ctr cqdr cqδr cqr",
}


def _spellings() -> Iterator[tuple[str, str]]:
    for ours, names in _NAMES.items():
        for name in unicodedata.normalize("NFKC", names).split():
            yield name, ours
            yield _bare(name), ours


def _bare(name: str) -> str:
    """Without accents, as old programs and people in a hurry write it."""
    parts = unicodedata.normalize("NFD", name)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


ENGLISH = dict(_spellings())
