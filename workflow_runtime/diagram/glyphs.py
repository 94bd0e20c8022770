"""How wide a piece of text is, and where to break it, without opening a font.

Advance widths are those of Noto Sans SC Regular in thousandths of an em, the face our pictures ask for first. What is
not in the table is judged by its East Asian width: a full em for wide characters, 0.6 em for the rest, nothing for
marks that sit on the character before them.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

FAMILY = (
    "'Xieban Hei','Noto Sans SC','Noto Sans CJK SC','Source Han Sans SC','PingFang SC','Microsoft YaHei',sans-serif"
)
LINE = 1.25  #: height of a line of text, in font sizes

_ASCII = (
    224, 323, 474, 555, 555, 921, 680, 278, 338, 338, 467, 555, 278, 347, 278, 392,
    555, 555, 555, 555, 555, 555, 555, 555, 555, 555, 278, 278, 555, 555, 555, 474,
    946, 608, 657, 638, 688, 589, 552, 689, 728, 293, 535, 646, 543, 812, 723, 742,
    633, 742, 635, 596, 599, 721, 575, 878, 573, 531, 603, 338, 392, 338, 555, 559,
    606, 563, 618, 510, 620, 554, 325, 564, 607, 275, 275, 552, 284, 926, 610, 606,
    620, 620, 388, 468, 377, 607, 521, 802, 498, 521, 475, 338, 270, 338, 555,
)  # fmt: skip
_WIDTHS: dict[str, int] = {chr(32 + i): width for i, width in enumerate(_ASCII)}
for _width, _characters in {
    224: "\u00a0", 250: "〮〯", 270: "¦", 275: "ìíîïĩīǐ", 278: "‚′", 292: "ι", 293: "ÌÍÎÏĨĪΙ", 302: "‹›", 323: "¡",
    347: "‑", 370: "°", 386: "ª", 407: "º", 411: "²³¹", 457: "ℓ", 459: "г", 473: "®ζ", 474: "¿„″", 479: "«»",
    481: "ξ", 498: "х", 500: "｡｢｣､･ｦｧｨｩｪｫｬｭｮｯｰｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝﾞﾟ￨￩￪￫￬￭￮", 501: "ε",
    510: "çзсэ", 514: "τт", 521: "ýÿу", 528: "ν", 531: "ÝΥ", 536: "χ‒–", 540: "γ", 548: "ь", 551: "κ", 552: "λ",
    554: "èéêëēěеё", 555: "¢£¤¥¬−", 556: "к", 557: "ΓГ", 563: "àáâãäåāăǎа", 567: "в", 569: "υ", 572: "ч", 573: "ΧХ",
    574: "я", 575: "ΛУ", 583: "θ", 589: "ÈÉÊËĒĚΕЁЕ", 593: "л", 594: "δд", 595: "Ξ", 597: "ο", 599: "ΤТ", 600: "ˇ",
    601: "Σ", 603: "Ζ", 604: "η", 606: "¨¯´¸òóôõöøōŏǒо", 607: "ùúûüũūŭǔǖǘǚǜ", 608: "ÀÁÂÃÄÅðĀĂΑАб", 609: "σ",
    610: "ñńň", 613: "ρ‼", 618: "п", 619: "ц", 620: "þđЗр", 625: "α", 628: "µμ", 629: "н", 631: "βий", 633: "ΡР",
    638: "ÇСЭ", 643: "ß", 646: "Κ", 648: "БКЬ", 650: "Я", 652: "Þ", 654: "π", 656: "Δ", 657: "ΒВ", 665: "ъ",
    668: "Ч", 683: "✓", 704: "Л", 707: "м", 711: "™", 712: "ÐĐД", 718: "Ц", 721: "ÙÚÛÜŨŪŬΠП", 723: "ÑŃŇΝ",
    728: "ΗН", 733: "ИЙ", 742: "ÒÓÔÕÖØŌŎΘΟО", 753: "ы", 758: "Ω⁈⁉", 760: "φж", 769: "ψ", 780: "Ψ", 782: "ω",
    803: "Φ", 805: "Ъ", 812: "ΜМ", 818: "Ф", 820: "ф", 825: "ю", 832: "©", 837: "ш", 845: "щ", 873: "¼", 877: "æ",
    889: "¾", 891: "Ы", 894: "—℮", 898: "Ж", 903: "½", 910: "⁇", 918: "Æ",
    920: "ﾡﾢﾣﾤﾥﾦﾧﾨﾩﾪﾫﾬﾭﾮﾯﾰﾱﾲﾳﾴﾵﾶﾷﾸﾹﾺﾻﾼﾽﾾￂￃￄￅￆￇￊￋￌￍￎￏￒￓￔￕￖￗￚￛￜ", 937: "œ", 947: "Œ", 966: "Ш", 976: "Щ", 997: "№",
    1000: "⁂⁑℀ℊℏ℧ℵ℻ⅺⅻ∅∆∉∊∓∦∭≃≅≢⓪╌╍╎╏╴╵╶╷╸╹╺╻╼╽╾╿▐░▖▗▘▙▚▛▜▝▞▟▢▪▫▱◉◊◌◒◓◦☀☁☂☃☖☗☝☟☯♁♢♦♫♮〿", 1014: "Ю",
}.items():  # fmt: skip
    _WIDTHS.update(dict.fromkeys(_characters, _width))

#: may not begin a line (closing punctuation), may not end one (opening punctuation)
_NOT_FIRST = frozenset("、。，．：；？！）〕］｝〉》」』】”’…—～·,.:;?!)]}%％°")
_NOT_LAST = frozenset("（〔［｛〈《「『【“‘([{")
_INVISIBLE = frozenset(("Mn", "Me", "Cf", "Cc", "Cs"))


@lru_cache(maxsize=8192)
def _advance(character: str) -> int:
    known = _WIDTHS.get(character)
    if known is not None:
        return known
    if unicodedata.category(character) in _INVISIBLE:
        return 0
    return 1000 if unicodedata.east_asian_width(character) in "WFA" else 600


def width(text: str, size: float) -> float:
    """Width of `text` on one line, at a font size."""
    return sum(map(_advance, text)) * size / 1000


def _pieces(text: str) -> list[str]:
    """`text` in pieces that stay together: words, and wide characters with the punctuation that clings to them."""
    pieces: list[str] = []
    for character in text:
        wide = _advance(character) >= 900 and not character.isascii()
        if pieces and (
            _advance(character) == 0
            or character in _NOT_FIRST
            or pieces[-1][-1] in _NOT_LAST
            or not (wide or pieces[-1][-1].isspace() or (_advance(pieces[-1][-1]) >= 900 and not pieces[-1].isascii()))
        ):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


@lru_cache(maxsize=4096)
def wrap(text: str, room: float, size: float, most: int = 0) -> tuple[str, ...]:
    """`text` in lines no wider than `room`, balanced; at most `most` lines, the last then ending in an ellipsis."""
    text = " ".join(text[:2000].split()) if most else " ".join(text.split())
    if not text:
        return ()
    lines = _broken(text, room, size)
    if most and len(lines) > most:
        last = lines[most - 1]
        while last and width(last + "…", size) > room:
            last = last[:-1]
        return (*lines[: most - 1], last.rstrip() + "…")
    if 1 < len(lines) <= 6:
        # the same number of lines with the ragged end evened out: 8 + 2 characters read worse than 5 + 5
        # no word is cut for evenness
        words = max(width(piece.strip(), size) for piece in _pieces(text))
        low, high = max(words, max(width(line, size) for line in lines) / 2), room
        for _ in range(6 if low < high else 0):
            middle = (low + high) / 2
            tried = _broken(text, middle, size)
            if len(tried) == len(lines) and all(width(line, size) <= middle + 0.01 for line in tried):
                high, lines = middle, tried
            else:
                low = middle
    return tuple(lines)


def _broken(text: str, room: float, size: float) -> list[str]:
    lines: list[str] = []
    line, used = "", 0.0
    for piece in _pieces(text):
        wide = width(piece, size)
        if line and used + width(piece.rstrip(), size) > room:
            lines.append(line.rstrip())
            line, used = "", 0.0
        while wide > room and len(piece) > 1:
            # a word wider than the room is cut where it must be
            cut = 1
            while cut < len(piece) and width(piece[: cut + 1], size) <= room:
                cut += 1
            lines.append(piece[:cut])
            piece = piece[cut:]
            wide = width(piece, size)
        line += piece
        used += wide
    if line.strip():
        lines.append(line.rstrip())
    return lines


def extent(lines: tuple[str, ...], size: float) -> tuple[float, float]:
    """Width and height of a block of lines."""
    return max((width(line, size) for line in lines), default=0.0), len(lines) * size * LINE
