/** One voice in time: samples where they could be heard, with silence between. */

export class SoundTrack {
  /** @type {{name: string, start: number, samples: Int16Array}[]} */
  #pieces = [];
  #end = 0;

  /** Frames from the beginning to the end of the last piece. */
  get frames() {
    return this.#end;
  }

  /**
   * Adds samples at a frame, or behind what is still sounding then.
   *
   * @param {number} frame @param {Int16Array} samples kept @param {string} [name] by which it may be cut
   */
  add(frame, samples, name = '') {
    const start = Math.max(this.#end, Math.round(frame));
    this.#pieces.push({ name, start, samples });
    this.#end = start + samples.length;
  }

  /**
   * Takes away what of the pieces of one name comes later than so many of their frames, and what follows them.
   *
   * @param {string} name @param {number} frames
   */
  cut(name, frames) {
    const first = this.#pieces.findIndex((piece) => piece.name === name);
    if (first < 0) return;
    let left = frames;
    const kept = this.#pieces.slice(0, first);
    for (const piece of this.#pieces.slice(first)) {
      if (piece.name !== name || left <= 0) break;
      kept.push({ ...piece, samples: piece.samples.subarray(0, left) });
      left -= piece.samples.length;
    }
    this.#pieces = kept;
    const last = kept.at(-1);
    this.#end = last === undefined ? 0 : last.start + last.samples.length;
  }

  /** All of it, from the beginning on. */
  toSamples() {
    const samples = new Int16Array(this.#end);
    for (const piece of this.#pieces) samples.set(piece.samples, piece.start);
    return samples;
  }
}
