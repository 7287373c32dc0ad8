/** Reads a stack's settings, and says what is wrong with them. */
export { settingsSchema } from './settings-schema.ts';
export type { Settings } from './settings-schema.ts';
