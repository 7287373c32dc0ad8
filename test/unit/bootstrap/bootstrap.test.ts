import { expect, test } from '@jest/globals';
import { withUpdates } from '../../../bootstrap/bootstrap-image.ts';

test('the update suites use the mirror of the release', () => {
  expect(withUpdates('deb http://mirror.example/debian bookworm main\n')).toBe(
    [
      'deb http://mirror.example/debian bookworm main',
      'deb http://mirror.example/debian bookworm-updates main',
      'deb http://mirror.example/debian-security bookworm-security main',
      '',
    ].join('\n'),
  );
});

test('sources of another form are not changed', () => {
  expect(withUpdates('')).toBe('');
});
