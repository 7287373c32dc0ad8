/**
 * For tests that use fast-check: the same cases in every run, so that none turns red by chance on somebody else's change. Another
 * FC_SEED looks for new ones.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FC_SEED ?? 20261124) });
