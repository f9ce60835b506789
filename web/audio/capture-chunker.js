/** The microphone's blocks resampled and cut into PCM16 chunks, for the capture worklet. */
import { floatToPcm16, msToFrames } from './pcm.js';
import { Resampler } from './resampler.js';

/**
 * Turns the microphone's blocks of floats, at whatever rate, into 16-bit chunks of one length at another.
 * Allocates in its constructor only.
 */
export class CaptureChunker {
  #resampler;
  #block;
  #chunk;
  #filled = 0;

  /**
   * @param {object} options
   * @param {number} options.fromRate frames per second of the blocks
   * @param {number} options.toRate frames per second of the chunks
   * @param {number} options.chunkMs
   * @param {number} [options.maxBlockFrames]
   */
  constructor({ fromRate, toRate, chunkMs, maxBlockFrames = 2048 }) {
    this.#resampler = fromRate === toRate ? null : new Resampler(fromRate, toRate, maxBlockFrames);
    this.#block = new Float32Array(Math.ceil((maxBlockFrames * toRate) / fromRate) + 1);
    this.#chunk = new Float32Array(msToFrames(chunkMs, toRate));
  }

  /** Frames of each chunk. */
  get chunkFrames() {
    return this.#chunk.length;
  }

  /**
   * Takes a block, and calls `onChunk` for each chunk that it completes.
   *
   * @param {Float32Array} block at most `maxBlockFrames` long
   * @param {() => Int16Array | null} takeBuffer gives a buffer of `chunkFrames` to fill, or null to drop the
   *   chunk
   * @param {(chunk: Int16Array) => void} onChunk
   * @returns {number} how many chunks were dropped because there was no buffer
   */
  push(block, takeBuffer, onChunk) {
    const samples = this.#resampler === null ? block : this.#block;
    const frames =
      this.#resampler === null ? block.length : this.#resampler.process(block, block.length, this.#block);
    let dropped = 0;
    for (let index = 0; index < frames; index += 1) {
      this.#chunk[this.#filled] = samples[index];
      this.#filled += 1;
      if (this.#filled < this.#chunk.length) continue;
      this.#filled = 0;
      const buffer = takeBuffer();
      if (buffer === null) {
        dropped += 1;
      } else {
        floatToPcm16(this.#chunk, buffer);
        onChunk(buffer);
      }
    }
    return dropped;
  }
}
