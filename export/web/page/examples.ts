/** Sentences to begin with, in the bundle's languages, and the texts of its golden vectors. */

import type { Bundle } from "../src/index.js";

export interface Example {
  readonly text: string;
  readonly language: string;
}

const SHOWN = 6;
const OPTION_LENGTH = 70;

const SENTENCES: Readonly<Record<string, readonly string[]>> = {
  en: [
    "Wake me up at seven tomorrow morning",
    "Play some jazz by Miles Davis",
    "Will it rain in Berlin on Friday?",
    "Book a table for two at an Italian restaurant tonight",
    "Remind me of the meeting with Anna tomorrow at eight",
    "Send Anna a message that I am running late",
    "Add this song to my road trip playlist",
    "Give The Hobbit five out of six stars",
    "Transfer 100 dollars from savings to checking",
    "How do I say good morning in French?",
  ],
  de: [
    "Weck mich morgen um sieben Uhr",
    "Spiel etwas Jazz von Miles Davis",
    "Regnet es am Freitag in Berlin?",
    "Erinnere mich morgen um acht an das Treffen mit Anna",
  ],
  es: [
    "Despiértame mañana a las siete",
    "Pon música de Paco de Lucía",
    "¿Va a llover el viernes en Madrid?",
    "Recuérdame la reunión con Anna mañana a las ocho",
  ],
  fr: [
    "Réveille-moi demain à sept heures",
    "Mets du jazz de Miles Davis",
    "Va-t-il pleuvoir vendredi à Paris ?",
    "Rappelle-moi la réunion avec Anna demain à huit heures",
  ],
  it: ["Svegliami domani alle sette", "Che tempo farà venerdì a Roma?"],
  pt: ["Acorda-me amanhã às sete", "Vai chover sexta-feira em Lisboa?"],
  nl: ["Maak me morgen om zeven uur wakker", "Gaat het vrijdag regenen in Amsterdam?"],
  pl: ["Obudź mnie jutro o siódmej", "Czy w piątek będzie padać w Warszawie?"],
  sv: ["Väck mig klockan sju i morgon", "Kommer det att regna i Stockholm på fredag?"],
  tr: ["Yarın sabah yedide beni uyandır", "Cuma günü İstanbul'da yağmur yağacak mı?"],
  ru: ["Разбуди меня завтра в семь утра", "Будет ли дождь в Москве в пятницу?"],
  ar: ["أيقظني غدًا في الساعة السابعة", "هل ستمطر في القاهرة يوم الجمعة؟"],
  he: ["תעיר אותי מחר בשבע בבוקר", "האם ירד גשם בתל אביב ביום שישי?"],
  fa: ["فردا ساعت هفت بیدارم کن", "آیا جمعه در تهران باران می‌بارد؟"],
  hi: ["मुझे कल सुबह सात बजे जगाना", "क्या शुक्रवार को दिल्ली में बारिश होगी?"],
  th: ["ปลุกฉันตอนเจ็ดโมงเช้าพรุ่งนี้", "วันศุกร์ฝนจะตกที่กรุงเทพไหม"],
  ja: ["明日の朝七時に起こして", "金曜日に東京で雨が降りますか"],
  ko: ["내일 아침 일곱 시에 깨워 줘", "금요일에 서울에 비가 올까?"],
  zh: ["明天早上七点叫我起床", "星期五北京会下雨吗"],
};

/**
 * The sentences of the bundle's languages, English where it names none of them.
 *
 * The first are those of which the student is surest to know them: a bundle that was not made for alarms
 * should not open with one.
 */
export async function suggest(bundle: Bundle): Promise<[best: Example[], others: Example[]]> {
  const known = [...new Set(bundle.manifest.languages.map((tag) => tag.split(/[-_]/)[0]))].filter((tag) => tag in SENTENCES);
  const languages = known.length ? known : ["en"];
  const ranked = await Promise.all(languages.map((language) => surestFirst(bundle, language)));
  const each = Math.max(1, Math.floor(SHOWN / languages.length));
  const best = ranked.flatMap((examples) => examples.slice(0, each)).slice(0, SHOWN);
  return [best, ranked.flat().filter((example) => !best.includes(example))];
}

async function surestFirst(bundle: Bundle, language: string): Promise<Example[]> {
  const examples = SENTENCES[language].map((text) => ({ text, language }));
  const doubts = new Map<Example, number>();
  for (const example of examples) doubts.set(example, (await bundle.predict(example.text)).outOfScopeScore ?? 0);
  return examples.sort((a, b) => doubts.get(a)! - doubts.get(b)!);
}

/** The texts of golden.jsonl; none where the bundle has no such file. */
export async function goldenTexts(url: string): Promise<string[]> {
  const answer = await fetch(url);
  if (!answer.ok) return [];
  const lines = (await answer.text()).split("\n").filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { text: string }).text);
}

/** A text on one line of a menu: control characters and lone surrogates escaped, cut to a length. */
export function readable(text: string): string {
  const escaped = text.replace(/[\p{Cc}\p{Cs}]/gu, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const symbols = [...(escaped.trim() || "(blank)")];
  return symbols.length > OPTION_LENGTH ? `${symbols.slice(0, OPTION_LENGTH).join("")}…` : symbols.join("");
}
