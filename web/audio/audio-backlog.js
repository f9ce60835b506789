/**
 * A bounded queue of PCM16 chunks that drops the oldest, for speech that no session can take yet.
 *
 * Between the opening of the microphone and that of the session, and while a lost connection is restored,
 * chunks wait here, so that a first word is not lost; and a session that never comes costs no more than the
 * limit.
 */
export class AudioBacklog {
  #limitFrames;
  /** @type {Int16Array[]} */
  #chunks = [];
  #frames = 0;
  /** Frames given up because more came than fit. */
  droppedFrames = 0;

  /** @param {number} limitFrames */
  constructor(limitFrames) {
    this.#limitFrames = limitFrames;
  }

  get frames() {
    return this.#frames;
  }

  /** @param {Int16Array} samples copied */
  add(samples) {
    this.#chunks.push(samples.slice());
    this.#frames += samples.length;
    while (this.#frames > this.#limitFrames) {
      const oldest = /** @type {Int16Array} */ (this.#chunks.shift());
      this.#frames -= oldest.length;
      this.droppedFrames += oldest.length;
    }
  }

  /** Takes all of it out, oldest first. @returns {Int16Array[]} */
  takeAll() {
    const chunks = this.#chunks;
    this.#chunks = [];
    this.#frames = 0;
    return chunks;
  }
}
