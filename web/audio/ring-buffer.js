/**
 * A first-in first-out store of 16-bit samples that doubles when it is full, up to a limit.
 *
 * Answers come in bursts minutes ahead of the ear, so the store must be deep; most are short, so it starts
 * small. Only `push` ever allocates: `pull` and `clear` may be called on the audio thread's way.
 */
export class RingBuffer {
  #samples;
  #limit;
  #start = 0;
  #length = 0;

  /**
   * @param {number} capacity frames to begin with
   * @param {number} [limit] frames never exceeded
   */
  constructor(capacity, limit = capacity) {
    this.#samples = new Int16Array(capacity);
    this.#limit = Math.max(capacity, limit);
  }

  /** Frames stored. */
  get length() {
    return this.#length;
  }

  /** Frames that fit before it must grow. */
  get capacity() {
    return this.#samples.length;
  }

  /**
   * Stores samples behind those already there.
   *
   * @param {Int16Array} samples
   * @returns {number} how many were stored; fewer than given only at the limit
   */
  push(samples) {
    this.#makeRoom(this.#length + samples.length);
    const accepted = Math.min(samples.length, this.#samples.length - this.#length);
    const end = (this.#start + this.#length) % this.#samples.length;
    const untilWrap = Math.min(accepted, this.#samples.length - end);
    this.#samples.set(samples.subarray(0, untilWrap), end);
    this.#samples.set(samples.subarray(untilWrap, accepted), 0);
    this.#length += accepted;
    return accepted;
  }

  /**
   * Takes the oldest samples out, as floats.
   *
   * @param {Float32Array} output
   * @param {number} offset where in `output` to begin
   * @param {number} frames how many are wanted
   * @returns {number} how many were there; the rest of `output` is not touched
   */
  pull(output, offset, frames) {
    const taken = Math.min(frames, this.#length);
    for (let index = 0; index < taken; index += 1) {
      output[offset + index] = this.#samples[this.#start] / 32768;
      this.#start += 1;
      if (this.#start === this.#samples.length) this.#start = 0;
    }
    this.#length -= taken;
    return taken;
  }

  clear() {
    this.#start = 0;
    this.#length = 0;
  }

  /** @param {number} frames */
  #makeRoom(frames) {
    if (frames <= this.#samples.length || this.#samples.length === this.#limit) return;
    let capacity = this.#samples.length;
    while (capacity < frames) capacity *= 2;
    const larger = new Int16Array(Math.min(capacity, this.#limit));
    const head = this.#samples.subarray(this.#start, this.#start + this.#length);
    larger.set(head);
    larger.set(this.#samples.subarray(0, this.#length - head.length), head.length);
    this.#samples = larger;
    this.#start = 0;
  }
}
