// Looks for keys in text as a guard by hand would: regular expressions over the text, and what it decodes to. The same disguises as
// the core's scanner knows: look-alikes, invisible characters, dashes for underscores, line breaks, three layers of escapes.

/** Whether a text holds a secret key. */
export const holdsSecretKey = (text) => holds(text, 's');

/** Whether a text holds a key of either kind. */
export const holdsKey = (text) => holds(text, 'sp');

function holds(text, kinds) {
  for (let layer = 0; ; layer += 1) {
    if (spells(text, kinds)) return true;
    if (layer === LAYERS || !ESCAPES.test(text)) return false;
    text = decoded(text);
  }
}

const LAYERS = 3;
const ESCAPES = /[%\\]/;

function spells(text, kinds) {
  // Nearly all text is ASCII, for which there is a simpler expression.
  const { start, rest, fold } = ASCII.test(text) ? PLAIN[kinds] : DISGUISED[kinds];
  start.lastIndex = 0;
  for (let match; (match = start.exec(text)) !== null; ) {
    const end = start.lastIndex;
    rest.lastIndex = end;
    const [body] = rest.exec(text);
    const isExact = !DASHES.test(match[0]);
    const isJoined = JOINED.test(text.slice(Math.max(0, match.index - 2), match.index));
    if (isKey(fold(body), isExact, isJoined, text.charAt(end + body.length))) return true;
    start.lastIndex = match.index + 1;
  }
  return false;
}

function isKey(body, isExact, isJoined, next) {
  // In the middle of a longer token, such as a JWT.
  if (isJoined && /[-_]/.test(next)) return false;
  const letters = isExact ? WRAPPED.exec(body)[0] : UNBROKEN.exec(body)[0];
  const count = letters.replace(/\s/g, '');
  const isPlain = isExact && count.length === letters.length;
  if (isPlain && count.length >= LEAST) return true;
  // Up to where the first line ends it may be a key by itself.
  if (isExact && UNBROKEN.exec(letters)[0].length >= LEAST) return true;
  return count.length >= LEAST && /\d/.test(count) && /[a-z]/.test(count) && /.[A-Z]/.test(count);
}

const LEAST = 16;
const UNBROKEN = /^[A-Za-z0-9]*/;
const WRAPPED = /^\s*(?:[A-Za-z0-9]{8,}[\r\n]\s*)*[A-Za-z0-9]*/;
const JOINED = /[A-Za-z0-9_-][-_]$/;
const ASCII = /^[\x00-\x7f]*$/;

const INVISIBLE =
  '\\0-\\x08\\x0e-\\x1f\\x7f-\\x84\\x86-\\x9f\\xad\\u0300-\\u036f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u202a-\\u202e' +
  '\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{e0000}-\\u{e0fff}';
const ALIKE = {
  s: 'ѕſꜱ', S: 'Ѕ', k: 'кĸᴋϰ', K: 'КΚ\u212a', t: 'тτᴛ', T: 'ТΤ', e: 'её', E: 'ЕΕ', p: 'рρ', P: 'РΡ', a: 'аα', A: 'АΑ', B: 'ВΒ', c: 'сϲ', C: 'СϹ',
  d: 'ԁ', h: 'һ', H: 'НΗ', i: 'іιı', I: 'ІΙ', j: 'јϳ', J: 'Ј', M: 'МΜ', N: 'Ν', o: 'οо', O: 'ОΟ', v: 'ѵν', x: 'хχ', X: 'ХΧ', y: 'уγ', Y: 'УΥ', Z: 'Ζ',
};
const DASHES = /[-\u2010-\u2015\u2212\u2043\u02cd\ufe58\ufe63\uff0d]/;
const NAMES = new Map(Object.entries(ALIKE).flatMap(([letter, others]) => [...others].map((other) => [other, letter])));
const STYLED = '\\uff01-\\uff5e\\u{1d400}-\\u{1d6a3}\\u{1d7ce}-\\u{1d7ff}\\u24b6-\\u24e9';
const OTHERS = new RegExp(`[${[...NAMES.keys()].join('')}${STYLED}]`, 'gu');
const UNSEEN = new RegExp(`[${INVISIBLE}]`, 'gu');

/** The text with what looks like a letter as that letter, and without what isn't seen. */
const folded = (text) => text.replace(UNSEEN, '').replace(OTHERS, (other) => NAMES.get(other) ?? other.normalize('NFKC'));

/** All that is drawn like a letter, of either case. */
function drawn(letter) {
  const place = letter.charCodeAt() - 97;
  const styled = [0xff21 + place, 0xff41 + place, 0x24b6 + place, 0x24d0 + place];
  for (let alphabet = 0; alphabet < 13; alphabet += 1) styled.push(0x1d400 + alphabet * 52 + place, 0x1d400 + alphabet * 52 + 26 + place);
  const upper = letter.toUpperCase();
  return `[${letter}${upper}${ALIKE[letter] ?? ''}${ALIKE[upper] ?? ''}${String.fromCodePoint(...styled)}]`;
}

const PLAIN = kinds((first) => ({
  start: new RegExp(`(?<![A-Za-z0-9])[${first}]\\0*k\\0*[_-]\\0*(?:test[_-])?`.replaceAll('\\0*', '[\\0-\\x08\\x0e-\\x1f\\x7f]*'), 'gi'),
  rest: /[A-Za-z0-9\s\0-\x08\x0e-\x1f\x7f]{0,300}/y,
  fold: (text) => (CONTROLS.test(text) ? text.replace(UNSEEN, '') : text),
}));
const CONTROLS = /[\0-\x08\x0e-\x1f\x7f]/;

const DISGUISED = kinds((first) => {
  const gap = `[${INVISIBLE}]*`;
  const line = '[_\\u2017\\u02dd\\ufe4d-\\ufe4f\\uff3f\\-\\u2010-\\u2015\\u2212\\u2043\\u02cd\\ufe58\\ufe63\\uff0d]';
  const kind = [...first].map(drawn).join('|');
  const test = [...'test', ''].map((letter) => (letter ? drawn(letter) : line)).join(gap);
  return {
    start: new RegExp(`(?<![A-Za-z0-9])(?:${kind})${gap}${drawn('k')}${gap}${line}${gap}(?:${test}${gap})?`, 'gu'),
    rest: new RegExp(`[A-Za-z0-9\\s${[...NAMES.keys()].join('')}${STYLED}${INVISIBLE}]{0,300}`, 'uy'),
    fold: folded,
  };
});

function kinds(expressions) {
  return { s: expressions('s'), sp: expressions('sp') };
}

/** The text with one layer of escapes taken off, those of URLs and of JSON. */
function decoded(text) {
  const plain = text.replace(/\\(?:u00([0-9a-f]{2})|([nrtbf])|([^A-Za-z0-9]))|(?:%[0-9a-f]{2})+/gi, (all, code, control, other) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    if (control !== undefined) return '\n';
    if (other !== undefined) return other;
    try {
      return decodeURIComponent(all);
    } catch {
      return all.replace(/%(..)/g, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)));
    }
  });
  return plain;
}
