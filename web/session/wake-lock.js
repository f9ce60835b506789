/** A screen wake lock for hands-free talk. Browsers that cannot, or will not, are no error. */
export class ScreenWakeLock {
  #wanted = false;
  /** @type {WakeLockSentinel | null} */
  #sentinel = null;

  constructor() {
    document.addEventListener('visibilitychange', () => this.#acquire()); // hiding the page releases it
  }

  hold() {
    this.#wanted = true;
    this.#acquire();
  }

  release() {
    this.#wanted = false;
    this.#sentinel?.release().catch(() => {}); // released already
    this.#sentinel = null;
  }

  async #acquire() {
    if (!this.#wanted || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    if (this.#sentinel !== null && !this.#sentinel.released) return;
    this.#sentinel = await navigator.wakeLock.request('screen').catch(() => null); // low battery
    if (!this.#wanted) this.release();
  }
}
