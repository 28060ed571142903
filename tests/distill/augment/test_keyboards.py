"""The layouts, held against what their keyboards look like."""

from __future__ import annotations

import pytest

from edgekd.distill.augment.keyboards import neighbours


@pytest.mark.parametrize(
    "language, letter, near",
    [
        ("en", "g", "ftyhbv"),
        ("en", "a", "qwsz"),
        ("en-US", "p", "ol"),
        ("de", "z", "tuhg"),
        ("de-DE", "ü", "pöä"),
        ("fr", "a", "zqé"),
        ("fr", "m", "lùp"),
        ("fr-CA", "a", "qwsz"),
        ("es", "ñ", "lp"),
        ("tr", "ı", "uojk"),
        ("da", "æ", "lpøå"),
        ("nb", "ø", "lpæå"),
        ("ru", "п", "аенрим"),
        ("ru", "ё", ""),
        ("uk", "і", "фцувчя"),
        ("el", "σ", "αδςεζχ"),
        ("he", "ש", "דז"),
        ("ar", "ش", "ضصسئ"),
        ("fa", "ک", "مگحج"),
        ("ka", "წ", "ქეასჭ"),
    ],
)
def test_neighbours(language, letter, near):
    assert set(neighbours(letter, language)) >= set(near)


def test_all_neighbours_of_one_key_in_several_scripts():
    assert set(neighbours("g", "en")) == set("ftyhvb")
    assert set(neighbours("п", "ru")) == set("аенрим")
    assert set(neighbours("क", "hi")) == set("रतगदसख")
    assert set(neighbours("ก", "th")) == set("หดำพปแฏ")


def test_capitals_have_capital_neighbours():
    assert set(neighbours("G", "en")) == set("FTYHVB")
    assert neighbours("П", "ru") == tuple(letter.upper() for letter in neighbours("п", "ru"))


def test_accents_without_a_key_are_those_of_their_letter():
    assert neighbours("ά", "el") == neighbours("α", "el")
    assert neighbours("ñ", "en") == neighbours("n", "en")
    assert neighbours("ñ", "es") != neighbours("n", "es")


def test_unknown_languages_and_foreign_letters_are_on_qwerty():
    for language in ("sw", "und", "", "ru", "hi"):
        assert neighbours("g", language) == neighbours("g", "en")
    assert neighbours("п", "sw") == ()
    assert neighbours("7", "en") == neighbours("😀", "en") == neighbours("\ud800", "en") == ()


ALPHABETS = {
    "en": "abcdefghijklmnopqrstuvwxyz",
    "de": "abcdefghijklmnopqrstuvwxyzäöüß",
    "fr": "abcdefghijklmnopqrstuvwxyzéèçàù",
    "es": "abcdefghijklmnopqrstuvwxyzñ",
    "pt": "abcdefghijklmnopqrstuvwxyzç",
    "it": "abcdefghijklmnopqrstuvwxyzàèìòù",
    "sv": "abcdefghijklmnopqrstuvwxyzåäö",
    "fi": "abcdefghijklmnopqrstuvwxyzåäö",
    "da": "abcdefghijklmnopqrstuvwxyzæøå",
    "nb": "abcdefghijklmnopqrstuvwxyzæøå",
    "is": "abdefghijklmnoprstuvxyþæöð",
    "hu": "abcdefghijklmnopqrstuvwxyzáéíóöőúüű",
    "cs": "abcdefghijklmnopqrstuvwxyzěščřžýáíéúů",
    "sl": "abcčdefghijklmnoprsštuvzž",
    "hr": "abcčćdđefghijklmnoprsštuvzž",
    "tr": "abcçdefgğhıijklmnoöprsştuüvyz",
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюя",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "el": "αβγδεζηθικλμνξοπρσςτυφχψω",
    "he": "אבגדהוזחטיךכלםמןנסעףפץצקרשת",
    "ar": "ابتثجحخدرزسشصضطظعغفقكلمنهويءآأؤإئىة",
    "fa": "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهی",
    "hi": "कखगघङचछजझञटठडढणतथदधनपफबभमयरलवशषसहअआइईउऊऋएऐओऔािीुूृेैोौ्ंः",
    "ta": "கஙசஞடணதநபமயரலவழளறனஅஆஇஈஉஊஎஏஐஒஓஔாிீுூெேைொோௌ்",
    "te": "కఖగఘఙచఛజఝఞటఠడఢణతథదధనపఫబభమయరలవశషసహళాిీుూృెేైొోౌ్ం",
    "kn": "ಕಖಗಘಙಚಛಜಝಞಟಠಡಢಣತಥದಧನಪಫಬಭಮಯರಲವಶಷಸಹಳಾಿೀುೂೃೆೇೈೊೋೌ್ಂ",
    "ml": "കഖഗഘങചഛജഝഞടഠഡഢണതഥദധനപഫബഭമയരലവശഷസഹളഴറാിീുൂൃെേൈൊോൌ്ം",
    "th": "กขฃคฅฆงจฉชซฌญฎฏฐฑฒณดตถทธนบปผฝพฟภมยรลวศษสหฬอฮะัาำิีึืุูเแโใไ็่้๊๋์",
    "ka": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "hy": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    "km": "កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ",
}


@pytest.mark.parametrize("language", ALPHABETS)
def test_every_letter_has_its_key_and_neighbours_are_mutual(language):
    for letter in ALPHABETS[language]:
        near = neighbours(letter, language)
        assert near and letter not in near, letter
        for other in near:
            assert len(other) > 1 or letter in neighbours(other, language), (letter, other)
