// Finds a key in an error's text in any encoding. The gateways' decode.py does the same search and explains it.
import { gunzipSync, inflateSync } from 'node:zlib';

/** A shorter value would mask ordinary words, and no provider has such short keys. The same as in the gateways' decode.py. */
export const MIN_KEY_LENGTH = 8;
/** The "key" of a local server that needs none, such as lm-studio: masking an ordinary word would corrupt answers. */
const ORDINARY_WORD = /^[A-Za-z-]{1,12}$/;
const MAX_ROUNDS = 8;
const MAX_DEPTH = 3;
const ESCAPE =
  /\\[uU]\{([0-9a-f]{1,6})\}|\\U(00[01][0-9a-f]{5})|\\[uU]([0-9a-f]{4})|\\x\{?([0-9a-f]{2})\}?|%u([0-9a-f]{4})|%([0-9a-f]{2})|=([0-9a-f]{2})|0x([0-9a-f]{2})(?![0-9a-f])|&#x([0-9a-f]{1,8});?|\\([0-7]{3})|&#(\d{1,9});?|&(\w{2,31});|\\([^])/gi;
const NAMES = { amp: '&', bsol: '\\', percnt: '%', num: '#', equals: '=', semi: ';' };

/** Whether the redactors search for a key: not if it is too short, or an ordinary word. The same as in the gateways' decode.py. */
export const isSearchedFor = (key) => key.length >= MIN_KEY_LENGTH && !ORDINARY_WORD.test(key);

const skeleton = (text) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');

/** The base64 characters that depend only on the data, for each alignment inside a longer text. */
function base64Of(data) {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), data]).toString('base64');
    return text.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + data.length) * 8) / 6));
  });
}

function base32Of(data) {
  const bits = [...data].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return [0, 1, 2, 3, 4].map((skip) =>
    (bits.slice((5 - ((skip * 8) % 5)) % 5).match(/.{5}/g) ?? [])
      .map((five) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(five, 2)])
      .join(''),
  );
}

function needlesOf(key) {
  const [raw, wide] = [Buffer.from(key), Buffer.from(key, 'utf16le')];
  const texts = [key, [...key].reverse().join(''), raw.toString('hex'), wide.toString('hex')];
  return [...texts, ...base64Of(raw), ...base64Of(wide), ...base32Of(raw)]
    .map(skeleton)
    .filter((needle) => needle.length >= MIN_KEY_LENGTH);
}

function character(_, ...groups) {
  const captured = groups.slice(0, 13);
  const index = captured.findIndex((group) => group !== undefined);
  if (index === 12) return 'nrtbf'.includes(captured[12]) ? ' ' : captured[12];
  if (index === 11) return NAMES[captured[11].toLowerCase()] ?? ' ';
  const code = parseInt(captured[index], { 9: 8, 10: 10 }[index] ?? 16);
  return code < 0x110000 ? String.fromCodePoint(code) : ' ';
}

function unpacked(data) {
  try {
    const bound = { maxOutputLength: 65_536 };
    if (data[0] === 0x1f && data[1] === 0x8b) return gunzipSync(data, bound);
    if (data[0] === 0x78) return inflateSync(data, bound);
  } catch {
    // Not compressed data.
  }
  return data;
}

/** Returns `(text) => boolean`: whether a text contains one of the keys in any encoding that can be decoded. */
export function decoder(keys) {
  const needles = [...new Set(keys.filter(isSearchedFor).flatMap(needlesOf))];

  const matches = (text) => {
    const letters = skeleton(text);
    return needles.some((needle) => letters.includes(needle));
  };
  const numbers = (text) =>
    (text.match(/(?<!\d)\d{1,3}(?:[^\w]+\d{1,3}){7,}(?!\d)/g) ?? []).some((list) =>
      matches(String.fromCharCode(...list.match(/\d+/g).map(Number))),
    );
  const encoded = (text, depth) =>
    depth < MAX_DEPTH &&
    [...new Set(text.replace(/[ \t]*[\r\n]+[ \t]*/g, '').match(/[A-Za-z0-9+/_-]{12,}/g) ?? [])].some((run) =>
      [0, 1, 2, 3].some((start) => {
        const plain = unpacked(Buffer.from(run.slice(start), 'base64'))
          .toString('latin1')
          .replaceAll('\0', '');
        // Ordinary words decode to binary noise, which is not searched.
        const noise = plain.replace(/[\x20-\x7e\t\r\n]/g, '').length;
        return noise <= 4 + plain.length / 8 && containsKey(plain, depth + 1);
      }),
    );

  function containsKey(text, depth = 0) {
    if (needles.length === 0) return false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      if (matches(text) || numbers(text) || encoded(text, depth)) return true;
      const decoded = text.replace(ESCAPE, character);
      if (decoded === text) return false;
      text = decoded;
    }
    // Still not fully decoded after that many rounds: treat it as an attempt to hide a key.
    return true;
  }
  return containsKey;
}
