/** Detects connections that died without a close. */
const DOUBT_MS = 2_000; // a network that is back answers by then; one that has changed never does

/**
 * Browsers send no pings and hide those that come, so silence is all that tells.
 *
 * After `quietMs` without a message it asks for one (`onProbe`); after `answerMs` more it gives up
 * (`onDead`). A machine that slept finds its timer late: then the probe is still sent first, and answered in
 * full time.
 */
export class Watchdog {
  #quietMs;
  #answerMs;
  #onProbe;
  #onDead;
  #timers;
  /** @type {any} */
  #timer = null;
  #probing = false;

  /**
   * @param {object} options
   * @param {number} [options.quietMs]
   * @param {number} [options.answerMs]
   * @param {() => void} options.onProbe
   * @param {() => void} options.onDead
   * @param {{setTimeout: (run: () => void, ms: number) => any, clearTimeout: (timer: any) => void}}
   *   [options.timers]
   */
  constructor({ quietMs = 20_000, answerMs = 8_000, onProbe, onDead, timers = globalThis }) {
    this.#quietMs = quietMs;
    this.#answerMs = answerMs;
    this.#onProbe = onProbe;
    this.#onDead = onDead;
    this.#timers = timers;
  }

  /** Starts, and is to be called for each message that arrives. */
  alive() {
    this.stop();
    this.#timer = this.#timers.setTimeout(() => this.#expire(), this.#quietMs);
  }

  /** Asks at once, where there is reason to doubt, and waits less long. */
  check() {
    this.stop();
    this.#ask(Math.min(this.#answerMs, DOUBT_MS));
  }

  stop() {
    this.#timers.clearTimeout(this.#timer);
    this.#probing = false;
  }

  #expire() {
    if (this.#probing) {
      this.#probing = false;
      this.#onDead();
      return;
    }
    this.#ask(this.#answerMs);
  }

  /** @param {number} answerMs */
  #ask(answerMs) {
    this.#probing = true;
    this.#timer = this.#timers.setTimeout(() => this.#expire(), answerMs);
    this.#onProbe();
  }
}
