// Takes keys out of what leaves: the same spellings, and the same mask of the same length, as the gateways' redact.py.
import { Transform } from 'node:stream';
import { decoder, SHORTEST } from './decode.mjs';

const LONGEST_ERROR = 262_144;
const HIDDEN = JSON.stringify({
  error: {
    message: "The provider's error text held a secret or was too long, and is left out.",
    type: 'upstream_error',
    param: null,
    code: null,
  },
});

/** What base64 makes of a key inside a longer text: the characters that depend on it alone, in all three alignments. */
function encoded(key) {
  return [0, 1, 2].flatMap((offset) => {
    const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(key)]);
    const start = offset === 0 ? 0 : offset + 1;
    const end = Math.floor((bytes.length * 8) / 6);
    return ['base64', 'base64url'].map((kind) => bytes.toString(kind).slice(start, end));
  });
}

/** Every spelling of a key that is looked for, in lower case, since the search ignores case. */
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

/** Masks keys in whole texts (`mask`) and in bodies that come in pieces (`stream`). Texts are bytes, as latin1. */
export function redactor(keys) {
  const found = new Set(keys.filter((key) => key.length >= SHORTEST).flatMap(variants));
  // The longest first: a spelling can lie inside another.
  const spellings = [...found].sort((a, b) => b.length - a.length);
  const beginnings = new Set(
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

  /** How many characters at the end could be the beginning of a key. An event of a stream ends with a line feed: none. */
  function openEnd(text) {
    const lower = text.slice(-longest).toLowerCase();
    for (let length = Math.min(lower.length, longest - 1); length > 0; length -= 1)
      if (beginnings.has(lower.slice(-length))) return length;
    return 0;
  }

  /** Only what could begin a key waits for the next piece. */
  function stream() {
    let held = '';
    return new Transform({
      transform(piece, _, done) {
        const text = mask(held + piece.toString('latin1'));
        const cut = text.length - openEnd(text);
        held = text.slice(cut);
        done(null, Buffer.from(text.slice(0, cut), 'latin1'));
      },
      flush: (done) => done(null, Buffer.from(held, 'latin1')),
    });
  }

  const holds = decoder(keys);
  const decoded = (text) => holds(Buffer.from(text, 'latin1').toString('utf8'));

  /** An error's body: kept back until it is whole, and replaced where it holds a key in another spelling or is too long to search. */
  function error() {
    let text = '';
    return new Transform({
      transform(piece, _, done) {
        if (text.length <= LONGEST_ERROR) text += piece.toString('latin1');
        done();
      },
      flush(done) {
        const masked = text.length > LONGEST_ERROR ? undefined : mask(text);
        done(null, masked === undefined || decoded(masked) ? HIDDEN : Buffer.from(masked, 'latin1'));
      },
    });
  }

  return { mask, stream, error, holds: decoded };
}
