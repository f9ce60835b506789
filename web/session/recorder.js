/** Keeps the sessions of a conversation as recordings, for whoever asked for that before they began. */
import { SessionRecording } from './session-recording.js';

const MOST_BYTES = 100_000_000; // of samples: some twenty minutes of two voices
const MOST_SESSIONS = 20;

export class Recorder {
  /** Whether sessions that begin from now on are recorded. */
  on = false;
  #getProfile;
  #clock;
  /** @type {SessionRecording[]} */
  #recordings = [];
  /** @type {SessionRecording | null} of the session under way */
  #current = null;

  /**
   * @param {EventTarget & {active: boolean, problem: object | null}} voice
   * @param {() => string} getProfile of the session that begins
   * @param {() => number} [clock] milliseconds
   */
  constructor(voice, getProfile, clock = () => performance.now()) {
    this.#getProfile = getProfile;
    this.#clock = clock;
    voice.addEventListener('passing', (event) => this.#take(/** @type {CustomEvent} */ (event).detail));
    voice.addEventListener('change', () => {
      if (!voice.active) this.#end(voice.problem === null);
    });
  }

  /**
   * Those of the last conversation, oldest first: a lost and restored connection is two.
   *
   * @returns {readonly SessionRecording[]}
   */
  get recordings() {
    return this.#recordings;
  }

  /** Whether a session is being recorded now. */
  get recording() {
    return this.#current !== null && !this.#current.over;
  }

  /** @param {import('../conversation/turn-sounds.js').Passing} passing */
  #take({ direction, event, samples }) {
    if (event?.type === 'session.created') this.#begin();
    const [recording, now] = [this.#current, this.#clock()];
    if (recording === null) return;
    if (direction === 'up') {
      if (event !== null) recording.sent(event, now);
      else if (samples !== null) recording.sentAudio(samples, now);
    } else if (event !== null) recording.received(event, now);
    else if (samples !== null) recording.receivedAudio(samples, now);
  }

  #begin() {
    const again = this.#current !== null;
    this.#end(false);
    if (!this.on) return;
    if (!again || this.#recordings.length === MOST_SESSIONS) this.#recordings = [];
    const options = { now: this.#clock(), startedAt: new Date(), profile: this.#getProfile() || 'default' };
    this.#current = new SessionRecording({ ...options, mostBytes: MOST_BYTES });
    this.#recordings = [...this.#recordings, this.#current];
  }

  /** @param {boolean} byUs */
  #end(byUs) {
    this.#current?.end(byUs, this.#clock());
    this.#current = null;
  }
}
