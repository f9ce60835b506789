/** The jitter buffer of the playback worklet, which counts to the sample what was played of each answer. */
import { ChunkList } from './chunk-list.js';
import { msToFrames } from './pcm.js';

/**
 * @typedef {object} Position how much of one piece of an answer has been played
 * @property {string} itemId
 * @property {number} contentIndex
 * @property {number} playedFrames
 * @property {number} receivedFrames
 */

/** @typedef {Position & {ended: boolean, waiting: ChunkList}} Segment */

const LIMIT_FRAMES = msToFrames(30 * 60_000); // half of the longest session that the API allows
const FADE_FRAMES = 32; // 1.3 ms: long enough not to click, and over within a block at 48 kHz
const FIRST_DEPTH_FRAMES = msToFrames(20);
const LEAST_DEPTH_AFTER_UNDERRUN_FRAMES = msToFrames(100);
const MOST_DEPTH_FRAMES = msToFrames(400);
const STALL_FRAMES = msToFrames(1_000); // an answer whose end nobody tells holds up the next for so long
const SMOOTH_FRAMES = msToFrames(10_000);
const QUIET = 0.003; // -50 dB: a pause, whatever the room

/**
 * What is to be played, and to the sample what has been: answers one after the other however they arrive, a store
 * that tides over jitter, and silence within the block that follows `flush`.
 *
 * Playing starts with the first chunk. If the store runs dry inside an answer that is an underrun: from then
 * on it waits until the store is deeper, and each answer, or ten seconds of one, that plays without one halves that
 * depth again. The time that such waiting took is given back in the pauses of the same answer, which are played at
 * twice their speed: a translation that goes on for an hour does not fall behind for good.
 * `pull` is for the audio thread: it allocates nothing and does not throw.
 */
export class PlaybackQueue {
  /** @type {Segment[]} */
  #segments = [];
  #depthFrames = FIRST_DEPTH_FRAMES;
  #starving = false;
  #waiting = true;
  #lastSample = 0;
  #fadeOut = 0;
  #fadeIn = 0;
  #queuedFrames = 0;
  #dryFrames = 0;
  #smoothFrames = 0;
  #behindFrames = 0;
  #wasQuiet = false;

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
    return this.#queuedFrames;
  }

  /** How late the answer is that is being played, because its sound came late. */
  get behindFrames() {
    return this.#behindFrames;
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
    const accepted = samples.subarray(0, Math.max(0, LIMIT_FRAMES - this.#queuedFrames));
    const segment = this.#obtain(itemId, contentIndex);
    segment.waiting.push(accepted);
    segment.receivedFrames += accepted.length;
    this.#queuedFrames += accepted.length;
    this.receivedFrames += samples.length;
    this.droppedFrames += samples.length - accepted.length;
  }

  /** @param {string} itemId @param {number} contentIndex @returns {Segment} */
  #obtain(itemId, contentIndex) {
    const open = this.#segments.findLast((segment) => segment.itemId === itemId && !segment.ended);
    if (open?.contentIndex === contentIndex) return open;
    if (open) open.ended = true; // the parts of one item come one after the other
    const waiting = new ChunkList();
    const segment = { itemId, contentIndex, playedFrames: 0, receivedFrames: 0, ended: false, waiting };
    this.#segments.push(segment);
    return segment;
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
    this.#queuedFrames = this.#behindFrames = 0;
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
    return this.#segments[0].waiting.length >= this.#depthFrames || this.#segments[0].ended;
  }

  #start() {
    this.#waiting = false;
    this.#fadeOut = 0;
    this.#fadeIn = this.#starving ? FADE_FRAMES : 0;
    this.#starving = false;
    this.#dryFrames = this.#smoothFrames = 0;
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
      this.#take(segment, output, written, wanted);
      if (this.#mayHurry(segment, output, written, wanted)) this.#take(segment, output, written, wanted);
      written += wanted;
      if (segment.playedFrames < segment.receivedFrames) break;
      if (!segment.ended) break;
      this.#finish();
    }
    return written;
  }

  /** @param {Segment} segment @param {Float32Array} output @param {number} start @param {number} frames that it has */
  #take(segment, output, start, frames) {
    segment.waiting.pull(output, start, frames);
    segment.playedFrames += frames;
    this.playedFrames += frames;
    this.#queuedFrames -= frames;
    this.#smoothFrames += frames;
    if (this.#smoothFrames < SMOOTH_FRAMES) return;
    this.#smoothFrames = 0;
    this.#settle();
  }

  /**
   * Whether what was just taken is the inside of a pause, and may be passed over for what follows it.
   *
   * @param {Segment} segment @param {Float32Array} output @param {number} start @param {number} frames
   */
  #mayHurry(segment, output, start, frames) {
    if (this.#behindFrames === 0) return false;
    const wasQuiet = this.#wasQuiet;
    this.#wasQuiet = isQuiet(output, start, frames);
    const spare = segment.waiting.length - this.#depthFrames;
    if (!wasQuiet || !this.#wasQuiet || spare < frames || this.#behindFrames < frames) return false;
    this.#behindFrames -= frames;
    return true;
  }

  /** The first segment has been played to its end. */
  #finish() {
    this.#segments.shift();
    this.#behindFrames = 0;
    this.#settle();
  }

  /** Some time went by without an underrun: less has to be stored. */
  #settle() {
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
    if (this.#starving) this.#wait(frames - from);
    for (let index = from; index < frames; index += 1) {
      if (this.#fadeOut > 0) this.#fadeOut -= 1;
      output[index] = (this.#lastSample * this.#fadeOut) / FADE_FRAMES;
    }
  }

  /** @param {number} frames for which an answer that has begun could not go on */
  #wait(frames) {
    this.#behindFrames += frames;
    this.#dryFrames += frames;
    if (this.#dryFrames < STALL_FRAMES || this.#segments.length < 2) return;
    this.#segments[0].ended = true; // nobody has told its end, and another answer waits
    this.#dropFinished();
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

/** @param {Float32Array} samples @param {number} start @param {number} frames */
function isQuiet(samples, start, frames) {
  for (let index = start; index < start + frames; index += 1)
    if (samples[index] > QUIET || samples[index] < -QUIET) return false;
  return true;
}
