/** For jest's setting `testSequencer`. JavaScript: the types of jest's own sequencer are those of CommonJS. */
import TestSequencer from '@jest/test-sequencer';
import { byLength } from './longest-first.ts';

/** Runs the long files first. */
export default class LongestFirst extends TestSequencer {
  /** The order of a run. */
  sort(tests) {
    return byLength(tests, ({ path }) => path);
  }
}
