import { randomInt } from 'node:crypto';
import type { Value } from '../../plugin/properties.ts';
import type { RandomType } from './random-type.ts';

const SPECIAL = '!@#$%&*()-_=+[]{}<>:?';

/** The character classes: the input that enables each, the input for its minimum number, its characters. */
const CLASSES = [
  ['lower', 'minLower', 'abcdefghijklmnopqrstuvwxyz'],
  ['upper', 'minUpper', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  ['numeric', 'minNumeric', '0123456789'],
  ['special', 'minSpecial', SPECIAL],
] as const;

/** `RandomPassword`: a secret text of selected character classes. `bcryptHash` is not supported. */
export const randomPassword: RandomType = {
  inputs: {
    keepers: undefined,
    length: undefined,
    lower: true,
    minLower: 0,
    minNumeric: 0,
    minSpecial: 0,
    minUpper: 0,
    number: undefined,
    numeric: true,
    overrideSpecial: undefined,
    special: true,
    upper: true,
  },
  outputs: { result: 'secret' },
  check: (inputs) => {
    const length = inputs['length'];
    if (typeof length !== 'number') return [];
    const least = CLASSES.reduce((sum, [, minimum]) => sum + Number(inputs[minimum] ?? 0), 0);
    if (!Number.isInteger(length) || length < 1) {
      return [['length', `expected a whole number of at least 1, found ${length}`]];
    }
    if (length < least)
      return [['length', `expected at least ${least}, the sum of the minima, found ${length}`]];
    return CLASSES.some(([name, minimum]) => isOn(inputs, name) || Number(inputs[minimum]) > 0)
      ? []
      : [['special', 'at least one character class must be enabled']];
  },
  normalize: (inputs) => ({ ...inputs, numeric: isOn(inputs, 'numeric'), number: null }),
  create: (inputs) => ({ id: 'none', outputs: { result: draw(inputs) } }),
};

function draw(inputs: Record<string, Value>): string {
  const characters = CLASSES.map(([name, minimum, own]) => {
    const override = inputs['overrideSpecial'];
    const set = name === 'special' && typeof override === 'string' && override ? override : own;
    return { on: isOn(inputs, name), minimum: Number(inputs[minimum] ?? 0), set };
  });
  const all = characters.map(({ on, set }) => (on ? set : '')).join('');
  const drawn = characters.flatMap(({ minimum, set }) => Array.from({ length: minimum }, () => pick(set)));
  while (drawn.length < Number(inputs['length'])) drawn.push(pick(all));
  return shuffle(drawn).join('');
}

/** `number` is the old name of `numeric`; either one set to false disables digits. */
function isOn(inputs: Record<string, Value>, name: string): boolean {
  return inputs[name] !== false && !(name === 'numeric' && inputs['number'] === false);
}

function pick(characters: string): string {
  return characters.charAt(randomInt(characters.length));
}

/** Shuffles, so that the characters for the minima are not always the first ones. */
function shuffle(characters: string[]): string[] {
  for (let last = characters.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [characters[last], characters[other]] = [characters[other]!, characters[last]!];
  }
  return characters;
}
