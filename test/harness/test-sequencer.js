/** For jest's setting `testSequencer`. In JavaScript, because the types of jest's own sequencer are for CommonJS. */
import TestSequencer from '@jest/test-sequencer';
import { byLength } from './longest-first.ts';

/** Runs the long files first. */
export default class LongestFirst extends TestSequencer {
  /** The order of a run. */
  sort(tests) {
    return byLength(tests, ({ path }) => path);
  }
}
