/** Paths of values in a YAML file, and quotations from it, in the form that messages have. */
import { HIDDEN, mayHoldKey } from './key-leaks.ts';

/** The path of a value: names in mappings, numbers in lists. */
export type Path = readonly (string | number)[];

/** A path as people write it: `models.gpt-4.supersedes[0]`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === 'number'
        ? `[${step}]`
        : /^[\w:-]+$/.test(step) && !mayHoldKey(step)
          ? `${index === 0 ? '' : '.'}${step}`
          : `[${JSON.stringify(quoted(step))}]`,
    )
    .join('');
}

/** A text cut to a length that fits a message. */
export function shorten(text: string, length = 60): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** A quotation from the file for a message: shortened, and hidden if it may be a key. */
export function quoted(text: string): string {
  return mayHoldKey(text) ? HIDDEN : shorten(text);
}

/** A path as the key of a map. Names and numbers differ. */
export function pathKey(path: Path): string {
  return path.map((step) => (typeof step === 'number' ? `#${step}` : `.${step}`)).join('\0');
}
