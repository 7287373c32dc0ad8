import { describe, expect, test } from '@jest/globals';
import { withKeysAsBefore } from '../../../keys/undo-import.ts';

const BEFORE = `# mine
config:
  switchyard:port: "4000"

  switchyard:GROQ_API_KEY:
    secure: old
`;
const OURS = `# mine
encryptionsalt: salt
config:
  switchyard:port: "4000"
  switchyard:GROQ_API_KEY:
    secure: new
  switchyard:OPENAI_API_KEY:
    secure: new
`;
const NAMES = ['GROQ_API_KEY', 'OPENAI_API_KEY'];

describe('an import that failed midway', () => {
  test('restores the file exactly if no other process has changed it', () => {
    expect(withKeysAsBefore(OURS, BEFORE, OURS, NAMES)).toBe(BEFORE);
  });

  test('restores only its own keys if another process has changed the file meanwhile', () => {
    const now = OURS.replace('"4000"', '"4001"');
    expect(withKeysAsBefore(now, BEFORE, OURS, NAMES)).toBe(`# mine
encryptionsalt: salt
config:
  switchyard:port: "4001"
  switchyard:GROQ_API_KEY:
    secure: old
`);
  });

  test('removes its keys from a file that had none', () => {
    const now = `${OURS}  switchyard:replicas: "2"\n`;
    expect(withKeysAsBefore(now, '', OURS, NAMES)).toBe(
      'encryptionsalt: salt\nconfig:\n  switchyard:port: "4000"\n  switchyard:replicas: "2"\n'.replace(
        /^/,
        '# mine\n',
      ),
    );
  });
});
