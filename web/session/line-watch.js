/** Whether the line still carries what is said: signs of life asked for while the microphone streams, and their round trip. */

const FIRST_BEAT_MS = 1_000;
const BEAT_MS = 3_000;
const SLOW_MS = 2_000;
const GROWING_MS = 1_000; // a round trip whose successor is asked for at once
const BEHIND_MS = 6_000; // a machine that is busy answers late, too, and less would not help it
const DEAD_MS = 10_000; // at 20 kB/s the first sign of life that waits behind PCM16 takes nine
const PATIENCE = 3; // times the last round trip: a line that is slow and works is not given up

/** @typedef {'probe' | 'dead' | null} Verdict what is to be done */

/**
 * Its clock is the sound that the microphone has given: a machine that sleeps, or is busy, hears nothing meanwhile, and
 * takes no silence for a dead line. A line is not judged before it has answered once: some servers never do.
 */
export class LineWatch {
  #nowMs = 0;
  #heardAtMs = 0;
  #beatAtMs = FIRST_BEAT_MS;
  /** @type {number[]} when the signs of life that did not come yet were asked for */
  #asked = [];
  #proven = false;
  /** The last round trip in milliseconds; null before the first. @type {number | null} */
  roundTripMs = null;

  /** Whether what is said takes long, or does not arrive. */
  get slow() {
    return this.#proven && this.#behindMs >= SLOW_MS;
  }

  /**
   * Whether it has fallen far behind because it takes in less than is said, and not because nothing gets through at the
   * moment: it had grown slower before.
   */
  get labours() {
    return this.#proven && this.#behindMs >= BEHIND_MS && (this.roundTripMs ?? 0) >= GROWING_MS;
  }

  /** More sound has been sent. @param {number} ms @returns {Verdict} */
  advance(ms) {
    this.#nowMs += ms;
    if (this.#isDead) return 'dead';
    if (this.#nowMs < this.#beatAtMs) return null;
    this.#beatAtMs = this.#nowMs + BEAT_MS;
    this.#asked.push(this.#nowMs);
    return 'probe';
  }

  /** A message has come, whatever it says. */
  heard() {
    this.#heardAtMs = this.#nowMs;
  }

  /** The oldest sign of life that was asked for has come. */
  answered() {
    const askedAtMs = this.#asked.shift();
    if (askedAtMs === undefined) return;
    this.#proven = true;
    this.roundTripMs = this.#nowMs - askedAtMs;
    if (this.roundTripMs >= GROWING_MS) this.#beatAtMs = this.#nowMs; // what becomes of it is to be known soon
  }

  /** How old what has arrived last is, or what has not. */
  get #behindMs() {
    const waitedMs = this.#asked.length === 0 ? 0 : this.#nowMs - this.#asked[0];
    return Math.max(waitedMs, this.roundTripMs ?? 0);
  }

  get #isDead() {
    if (!this.#proven || this.#asked.length === 0) return false;
    const silentMs = this.#nowMs - Math.max(this.#heardAtMs, this.#asked[0]);
    return silentMs >= Math.max(DEAD_MS, PATIENCE * (this.roundTripMs ?? 0));
  }
}
