/** The jitter buffer of the playback worklet, which counts to the sample what was played of each answer. */
import { msToFrames } from './pcm.js';
import { RingBuffer } from './ring-buffer.js';

/**
 * @typedef {object} Position how much of one piece of an answer has been played
 * @property {string} itemId
 * @property {number} contentIndex
 * @property {number} playedFrames
 * @property {number} receivedFrames
 */

/** @typedef {Position & {ended: boolean}} Segment */

const INITIAL_FRAMES = msToFrames(30_000);
const LIMIT_FRAMES = msToFrames(30 * 60_000); // half of the longest session that the API allows
const FADE_FRAMES = 32; // 1.3 ms: long enough not to click, and over within a block at 48 kHz
const FIRST_DEPTH_FRAMES = msToFrames(20);
const LEAST_DEPTH_AFTER_UNDERRUN_FRAMES = msToFrames(100);
const MOST_DEPTH_FRAMES = msToFrames(400);

/**
 * What is to be played, and to the sample what has been: answers in order, a store that tides over jitter,
 * and silence within the block that follows `flush`.
 *
 * Playing starts with the first chunk. If the store runs dry inside an answer that is an underrun: from then
 * on it waits until the store is deeper, and each answer that plays without one halves that depth again.
 * `pull` is for the audio thread: it allocates nothing and does not throw.
 */
export class PlaybackQueue {
  #ring = new RingBuffer(INITIAL_FRAMES, LIMIT_FRAMES);
  /** @type {Segment[]} */
  #segments = [];
  #depthFrames = FIRST_DEPTH_FRAMES;
  #starving = false;
  #waiting = true;
  #lastSample = 0;
  #fadeOut = 0;
  #fadeIn = 0;

  /** Times the store ran dry inside an answer. */
  underruns = 0;
  /** Frames played since the beginning, of all answers. */
  playedFrames = 0;
  /** Frames ever pushed. */
  receivedFrames = 0;
  /** Frames of those that were refused because the store was at its limit. */
  droppedFrames = 0;
  /** How often a segment began. It changes inside the `pull` that plays its first frame. */
  started = 0;
  /** Where in the last `pull`'s output that first frame stands. */
  startedOffset = 0;

  /** Frames that wait to be played. */
  get queuedFrames() {
    return this.#ring.length;
  }

  /** Frames that must be stored before playing starts. */
  get depthFrames() {
    return this.#depthFrames;
  }

  /** The segment being played, or next to be. @returns {Segment | null} */
  get current() {
    return this.#segments.length > 0 ? this.#segments[0] : null;
  }

  /** Whether frames of an answer came out of the last `pull`. */
  get playing() {
    return this.#segments.length > 0 && !this.#waiting;
  }

  /** @param {string} itemId @param {number} contentIndex @param {Int16Array} samples */
  push(itemId, contentIndex, samples) {
    let segment = this.#segments.at(-1);
    if (!segment || segment.itemId !== itemId || segment.contentIndex !== contentIndex) {
      if (segment) segment.ended = true;
      segment = { itemId, contentIndex, playedFrames: 0, receivedFrames: 0, ended: false };
      this.#segments.push(segment);
    }
    const accepted = this.#ring.push(samples);
    this.receivedFrames += samples.length;
    segment.receivedFrames += accepted;
    this.droppedFrames += samples.length - accepted;
  }

  /**
   * Says that no more of this item will come, so that its last sample is an end and not an underrun.
   *
   * @param {string} itemId
   */
  end(itemId) {
    for (const segment of this.#segments) if (segment.itemId === itemId) segment.ended = true;
    this.#dropFinished();
  }

  /**
   * Forgets all that was not played.
   *
   * @returns {Position[]} the answers that were cut, the one being played first
   */
  flush() {
    const cut = this.#segments.filter(
      (segment) => !(segment.ended && segment.playedFrames === segment.receivedFrames),
    );
    this.#segments = [];
    this.#ring.clear();
    this.#pause();
    this.#starving = false;
    return cut.map(({ itemId, contentIndex, playedFrames, receivedFrames }) => ({
      itemId,
      contentIndex,
      playedFrames,
      receivedFrames,
    }));
  }

  /**
   * Fills a block: with what is stored, and with silence after it.
   *
   * @param {Float32Array} output
   * @param {number} [frames]
   */
  pull(output, frames = output.length) {
    if (this.#waiting && this.#mayStart()) this.#start();
    const taken = this.#waiting ? 0 : this.#play(output, frames);
    if (taken > 0) {
      this.#applyFadeIn(output, taken);
      this.#lastSample = output[taken - 1];
    }
    if (taken < frames) this.#fallSilent(output, taken, frames);
  }

  #mayStart() {
    if (this.#segments.length === 0) return false;
    return this.#ring.length >= this.#depthFrames || this.#segments[0].ended;
  }

  #start() {
    this.#waiting = false;
    this.#fadeOut = 0;
    this.#fadeIn = this.#starving ? FADE_FRAMES : 0;
    this.#starving = false;
  }

  /** @param {Float32Array} output @param {number} frames @returns {number} */
  #play(output, frames) {
    let written = 0;
    while (written < frames && this.#segments.length > 0) {
      const segment = this.#segments[0];
      if (segment.playedFrames === 0) {
        this.started += 1;
        this.startedOffset = written;
      }
      const wanted = Math.min(frames - written, segment.receivedFrames - segment.playedFrames);
      const taken = this.#ring.pull(output, written, wanted);
      segment.playedFrames += taken;
      this.playedFrames += taken;
      written += taken;
      if (segment.playedFrames < segment.receivedFrames) break;
      if (!segment.ended) break;
      this.#finish();
    }
    return written;
  }

  /** The first segment has been played to its end. */
  #finish() {
    this.#segments.shift();
    this.#depthFrames = Math.max(FIRST_DEPTH_FRAMES, this.#depthFrames >> 1);
  }

  #dropFinished() {
    while (this.#segments.length > 0) {
      const { ended, playedFrames, receivedFrames } = this.#segments[0];
      if (!ended || playedFrames < receivedFrames) return;
      if (this.#starving) this.underruns -= 1; // it ran dry at its end: nothing was missed
      this.#starving = false;
      this.#finish();
    }
  }

  /** @param {Float32Array} output @param {number} from @param {number} frames */
  #fallSilent(output, from, frames) {
    if (!this.#waiting) {
      if (this.#segments.length > 0) this.#starve();
      this.#pause();
    }
    for (let index = from; index < frames; index += 1) {
      if (this.#fadeOut > 0) this.#fadeOut -= 1;
      output[index] = (this.#lastSample * this.#fadeOut) / FADE_FRAMES;
    }
  }

  #starve() {
    this.underruns += 1;
    this.#starving = true;
    this.#depthFrames = Math.min(
      MOST_DEPTH_FRAMES,
      Math.max(LEAST_DEPTH_AFTER_UNDERRUN_FRAMES, this.#depthFrames * 2),
    );
  }

  #pause() {
    if (!this.#waiting) this.#fadeOut = FADE_FRAMES;
    this.#waiting = true;
  }

  /** @param {Float32Array} output @param {number} frames */
  #applyFadeIn(output, frames) {
    for (let index = 0; index < frames && this.#fadeIn > 0; index += 1) {
      output[index] *= 1 - this.#fadeIn / FADE_FRAMES;
      this.#fadeIn -= 1;
    }
  }
}
