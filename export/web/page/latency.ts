/** How long a text takes, measured so that one slow moment does not count. */

const WARM_UP = 3;
const RUNS = 60;
const RUNS_AT_A_TIME = 6;

export interface Latency {
  readonly median: number;
  readonly runs: number;
}

/**
 * The median of runs that are timed one by one.
 *
 * Between some of them the page gets its turn, so that it never stands still.
 *
 * @param work from the text to the labels.
 * @param stop asked before each slice: whether the answer is no longer wanted.
 * @returns null if it was stopped.
 */
export async function measure(work: () => Promise<unknown>, stop: () => boolean): Promise<Latency | null> {
  const times: number[] = [];
  for (let run = 0; run < WARM_UP; run++) await work();
  while (times.length < RUNS) {
    for (let run = 0; run < RUNS_AT_A_TIME; run++) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
    await new Promise((resolve) => setTimeout(resolve));
    if (stop()) return null;
  }
  times.sort((a, b) => a - b);
  return { median: (times[RUNS / 2 - 1] + times[RUNS / 2]) / 2, runs: RUNS };
}
