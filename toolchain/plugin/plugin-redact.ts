import { Unknown, type Properties, type Value } from './properties.ts';
import { redactor } from '../../console/redactor.ts';

/** All secret texts among properties, so that they can be removed from messages. */
export function secretTexts({ values, secrets }: Properties): string[] {
  const texts: string[] = [];
  const collect = (value: Value): void => {
    if (typeof value === 'string') texts.push(value);
    else if (typeof value === 'object' && value !== null && !(value instanceof Unknown)) {
      Object.values(value).forEach(collect);
    }
  };
  for (const path of secrets) {
    let at: Value | undefined = values;
    for (const step of path) at = (at as Record<string, Value> | undefined)?.[step];
    if (at !== undefined) collect(at);
  }
  return texts;
}

/** Not secret even within a secret property: a plain path, such as the name of an uploaded file. */
const PLAIN_PATH = /^(\/[a-z_.-]+)+$/;

/** The parts of a text that look like keys: long, with letters and digits. */
function keyLike(text: string): string[] {
  return text
    .split(/[^\w.-]+/)
    .filter((part) => part.length >= 16 && /\d/.test(part) && /[A-Za-z]/.test(part));
}

/**
 * Removes secrets from a message: whole secrets, and parts of longer secrets that look like keys. Short texts are not
 * removed: they would match by chance.
 */
export function redact(message: string, secrets: string[]): string {
  const hidden = secrets.filter((text) => !PLAIN_PATH.test(text)).flatMap((text) => [text, ...keyLike(text)]);
  return redactor(hidden, '[secret]')(message);
}
