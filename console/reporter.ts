import type { Progress } from './output.ts';

/** The part of {@link Output} that setup uses: lines of progress, and steps that show their elapsed time if they are slow. */
export interface Reporter {
  readonly progress: Progress;
  step<T>(label: string, work: () => Promise<T>): Promise<T>;
}
