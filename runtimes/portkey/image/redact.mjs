// Removes keys from all responses and logs, with the same spellings and masks of the same length as the gateways' redact.py.
import { Transform } from 'node:stream';
import { decoder, isSearchedFor } from './decode.mjs';

const MAX_ERROR_BYTES = 262_144;
const OMITTED = JSON.stringify({
  error: {
    message: "The provider's error text was omitted: it contained a secret or was too long.",
    type: 'upstream_error',
    param: null,
    code: null,
  },
});

/** A key in base64 inside a longer text: the characters that depend only on the key, in all three alignments. */
function encoded(key) {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(key)]);
    const start = offset === 0 ? 0 : offset + 1;
    const end = Math.floor((bytes.length * 8) / 6);
    return ['base64', 'base64url'].map((kind) => bytes.toString(kind).slice(start, end));
  });
}

/** All spellings of a key that are searched for, in lower case, since the search ignores case. */
export function variants(key) {
  const escaped = JSON.stringify(key).slice(1, -1);
  const quoted = encodeURIComponent(key);
  return [
    ...[key, escaped, JSON.stringify(escaped).slice(1, -1), key.replaceAll('/', '\\/')],
    ...[quoted, encodeURIComponent(quoted), quoted.replaceAll('%2F', '/')],
    ...encoded(key),
    Buffer.from(key).toString('hex'),
  ].map((spelling) => Buffer.from(spelling).toString('latin1').toLowerCase());
}

/** Masks keys in complete texts (`mask`) and in bodies that come in pieces (`stream`). Texts are bytes, as latin1. */
export function redactor(keys) {
  const found = new Set(keys.filter(isSearchedFor).flatMap(variants));
  // The longest first, because one spelling can contain another.
  const spellings = [...found].sort((a, b) => b.length - a.length);
  const prefixes = new Set(
    spellings.flatMap((text) => Array.from({ length: text.length - 1 }, (_, end) => text.slice(0, end + 1))),
  );
  const longest = spellings[0]?.length ?? 0;

  function mask(text) {
    let lower = text.toLowerCase();
    for (const spelling of spellings) {
      for (let at = lower.indexOf(spelling); at >= 0; at = lower.indexOf(spelling, at)) {
        const over = '*'.repeat(spelling.length);
        text = text.slice(0, at) + over + text.slice(at + over.length);
        lower = lower.slice(0, at) + over + lower.slice(at + over.length);
      }
    }
    return text;
  }

  /** How many characters at the end could be the beginning of a key. None for an event of a stream, which ends with a line feed. */
  function partialKeyLength(text) {
    const lower = text.slice(-longest).toLowerCase();
    for (let length = Math.min(lower.length, longest - 1); length > 0; length -= 1)
      if (prefixes.has(lower.slice(-length))) return length;
    return 0;
  }

  /** Masks a body in pieces. Only characters that could begin a key wait for the next piece. */
  function stream() {
    let pending = '';
    return new Transform({
      transform(piece, _, done) {
        const text = mask(pending + piece.toString('latin1'));
        const cut = text.length - partialKeyLength(text);
        pending = text.slice(cut);
        done(null, Buffer.from(text.slice(0, cut), 'latin1'));
      },
      flush: (done) => done(null, Buffer.from(pending, 'latin1')),
    });
  }

  const findsKey = decoder(keys);
  const containsKey = (text) => findsKey(Buffer.from(text, 'latin1').toString('utf8'));

  /**
   * An error's body: buffered until it is complete, and replaced if it contains a key in another encoding or is too long to search.
   *
   * @param rewrite what the client gets instead of the text.
   */
  function error(rewrite = (text) => text) {
    let text = '';
    return new Transform({
      transform(piece, _, done) {
        if (text.length <= MAX_ERROR_BYTES) text += piece.toString('latin1');
        done();
      },
      flush(done) {
        const masked = text.length > MAX_ERROR_BYTES ? undefined : mask(text);
        const omitted = masked === undefined || containsKey(masked);
        done(null, rewrite(omitted ? OMITTED : Buffer.from(masked, 'latin1').toString()));
      },
    });
  }

  return { mask, stream, error, containsKey };
}
