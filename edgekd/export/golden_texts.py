"""Texts on which an export is proven: every kind of script, and what users and attackers send."""

from __future__ import annotations

SCRIPTS: dict[str, str] = {
    "latin": "Wake me up at 7:30 tomorrow, please!",
    "latin, precomposed and combining": "Café naïve Ångström, Cafe\u0301 nai\u0308ve A\u030angstro\u0308m",
    "latin, full width and ligatures": "ＷＡＫＥ　ｕｐ ﬁnd the ﬂight ½ ①",
    "latin, german": "Stell den Wecker auf halb acht, STRASSE Straße",
    "latin, turkish": "İstanbul'da ISPARTA ılık hava",
    "latin, vietnamese": "Đặt báo thức lúc bảy giờ sáng mai",
    "greek": "Ξύπνα με στις επτά ΑΎΡΙΟ, ὀδός",
    "cyrillic": "Разбуди меня завтра в СЕМЬ утра, ёлка",
    "armenian": "Արթնացրու ինձ վաղը ժամը յոթին",
    "georgian": "გამაღვიძე ხვალ შვიდზე ᲓᲘᲚᲐ",
    "hebrew": "הָעֵר אותי מחר ב-7 בבוקר",
    "arabic": "أيقظني غدًا في السَّاعة ٧ صباحاً، من فضلك؟",
    "persian": "فردا ساعت هفت بیدارم کن، می\u200cخواهم",
    "urdu": "مجھے کل سات بجے جگا دینا",
    "devanagari": "मुझे कल सुबह सात बजे जगाना, क्\u200dष",
    "bengali": "কাল সকাল সাতটায় আমাকে জাগিয়ে দিও",
    "gurmukhi": "ਮੈਨੂੰ ਕੱਲ੍ਹ ਸਵੇਰੇ ਸੱਤ ਵਜੇ ਜਗਾਓ",
    "gujarati": "મને કાલે સવારે સાત વાગ્યે જગાડજો",
    "tamil": "என்னை நாளை காலை ஏழு மணிக்கு எழுப்பு",
    "telugu": "రేపు ఉదయం ఏడు గంటలకు నన్ను లేపు",
    "kannada": "ನಾಳೆ ಬೆಳಿಗ್ಗೆ ಏಳು ಗಂಟೆಗೆ ಎಬ್ಬಿಸು",
    "malayalam": "നാളെ രാവിലെ ഏഴ് മണിക്ക് എന്നെ ഉണർത്തുക",
    "sinhala": "හෙට උදේ හතට මාව අවදි කරන්න",
    "thai": "ปลุกฉันตอนเจ็ดโมงเช้าพรุ่งนี้ที่บ้าน",
    "lao": "ປຸກຂ້ອຍເຈັດໂມງເຊົ້າມື້ອື່ນ",
    "khmer": "ដាស់ខ្ញុំម៉ោងប្រាំពីរព្រឹកស្អែក",
    "myanmar": "မနက်ဖြန် မနက် ခုနစ်နာရီ နှိုးပါ",
    "han": "明天早上七點叫我起床，謝謝。",
    "kana": "明日の朝７時に起こしてください、ｶﾞｷﾞグ",
    "hangul": "내일 아침 일곱 시에 깨워 줘 ㄱㄴ 한",
    "ethiopic": "ነገ ጠዋት አንድ ሰዓት ላይ ቀስቅሰኝ፡፡",
    "mongolian": "Маргааш өглөө ᠮᠣᠩᠭᠣᠯ",
    "tibetan": "སང་ཉིན་ཞོགས་པ་ཆུ་ཚོད་བདུན་པར",
    "cherokee": "ᎣᏏᏲ ꮳꮃꭹ",
}
"""A sentence of each script, with what is peculiar to it."""

ODDITIES: dict[str, str] = {
    "empty": "",
    "one letter": "a",
    "spaces": " \t\n\u3000\u00a0\u2028 ",
    "zeros": "\0\0wake\0up\0",
    "controls": "wake\x07 up\x1b[31m\x7f \u0085 \ufeff now \u200b x",
    "lone high surrogate": "wake \ud83d up",
    "lone low surrogate": "\ude00",
    "surrogates the wrong way round": "a\ude00\ud83d b",
    "emoji": "🎉 wake me 😀😀 up ☕",
    "emoji with joiners": "👩\u200d👩\u200d👧\u200d👦 call mum 🏳\ufe0f\u200d🌈 👍🏽👍🏿",
    "flags and keycaps": "🇩🇪🇫🇷 1\ufe0f\u20e3 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "astral letters": "𝐖𝐚𝐤𝐞 𝒎𝒆 𐐀𐐨 𓀀𓀁 𠀀𠀁 𪛖",
    "private use": "\ue000x\U000f0000 \U0010fffd",
    "not characters": "\ufffe \uffff \U0010ffff \ufdd0",
    "marks alone": "\u0301\u0302 \u0e31 \u094d\u200d",
    "many marks": "Z\u0335\u0321\u0322\u0327\u0328\u0301\u0302\u0303\u0304\u0305a\u0316\u0317\u0318lgo",
    "bidirectional controls": "\u202eabc\u202c \u2066שלום\u2069 123",
    "punctuation": "!?...,;:--(){}[]<>\"'`~@#$%^&*_+=|\\/",
    "numbers": "3.14 1,000,000 2024-05-06 ٣٫١٤ Ⅷ ⅓",
    "address": "mail bob.o'neil+x@example.co.uk or https://example.com/?q=a&b=c#d",
    "mixed scripts": "iPhoneを買う за €5 في Berlin",
    "one long word": "donaudampfschifffahrtsgesellschaftskapitän" * 4,
    "the same letter": "a" * 400,
}
"""Texts that break careless software."""


def golden_texts(max_tokens: int, max_chars: int) -> list[str]:
    """All of them, and texts at and past these lengths: short words, one long word, no spaces."""
    at_the_limit = [
        " ".join(["go"] * max_tokens),
        " ".join(["go"] * (max_tokens + 1)),
        "ไ" * (max_tokens - 1),
        "ไ" * (max_tokens + 1),
        "x" * max_chars,
        "x " + "y" * max_chars,
        " " * (max_chars - 1) + "up" + " down",
        "🙂 " * (max_chars + 1),
    ]
    return [*SCRIPTS.values(), *ODDITIES.values(), *at_the_limit]
