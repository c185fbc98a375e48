/** How often a server that stops by itself is started again. */

const WINDOW_MS = 3 * 60_000;
const WAITS_MS = [250, 2_000];

/** Counts stops. After the last wait is used up within three minutes, the user had better hear of it. */
export class Crashes {
  private times: number[] = [];

  /** Milliseconds to wait before the next start, or nothing when it should not be tried again. */
  next(now: number): number | undefined {
    this.times = [...this.times.filter(time => now - time < WINDOW_MS), now];
    return WAITS_MS[this.times.length - 1];
  }

  forget(): void {
    this.times = [];
  }
}
