import type { Progress } from './output.ts';

/** What setup needs of {@link Output}: a line of progress, and a step that shows it is alive when it takes long. */
export interface Reporter {
  readonly progress: Progress;
  step<T>(label: string, work: () => Promise<T>): Promise<T>;
}
