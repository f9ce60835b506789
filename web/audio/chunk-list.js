/**
 * A first-in first-out store of 16-bit samples that keeps the chunks it is given, without copying them.
 *
 * Only `push` may allocate: `pull` may be called on the audio thread's way.
 */

const MOST_SPENT = 256; // chunks that are left at the front before the list is made shorter

export class ChunkList {
  /** @type {Int16Array[]} */
  #chunks = [];
  /** Which chunk is being read, and from where. */
  #first = 0;
  #offset = 0;
  #length = 0;

  /** Frames stored. */
  get length() {
    return this.#length;
  }

  /** @param {Int16Array} samples kept, not copied */
  push(samples) {
    if (this.#first >= MOST_SPENT) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
    this.#chunks.push(samples);
    this.#length += samples.length;
  }

  /**
   * Takes the oldest samples out, as floats.
   *
   * @param {Float32Array} output
   * @param {number} start where in `output` the first is written
   * @param {number} frames how many are wanted
   * @returns {number} how many there were
   */
  pull(output, start, frames) {
    const taken = Math.min(frames, this.#length);
    for (let written = 0; written < taken; ) {
      const chunk = this.#chunks[this.#first];
      const some = Math.min(taken - written, chunk.length - this.#offset);
      for (let index = 0; index < some; index += 1)
        output[start + written + index] = chunk[this.#offset + index] / 32768;
      written += some;
      this.#offset += some;
      if (this.#offset === chunk.length) this.#leave();
    }
    this.#length -= taken;
    return taken;
  }

  #leave() {
    this.#chunks[this.#first] = NONE; // what was played is not held
    this.#first += 1;
    this.#offset = 0;
  }
}

const NONE = new Int16Array(0);
