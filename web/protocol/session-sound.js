/**
 * The session's audio formats: its bytes as samples of 24 kHz, and samples as its bytes.
 *
 * PCM of any rate and G.711 can be played and made. Anything else is left silent: noise is worse than nothing.
 */
import { A_LAW, MU_LAW } from '../audio/g711.js';
import { floatToPcm16, pcm16ToFloat, SAMPLE_RATE } from '../audio/pcm.js';
import { Resampler } from '../audio/resampler.js';

/** @typedef {import('../audio/g711.js').Law} Law */

/**
 * @typedef {object} Format
 * @property {string} type such as `audio/pcm`
 * @property {number} rate
 */

const G711_RATE = 8_000;
const MOST_STREAMS = 4; // answers that come at once; each has a filter of its own

/** @type {Map<string, Law>} */
const LAWS = new Map([
  ['audio/pcmu', MU_LAW],
  ['audio/pcma', A_LAW],
]);

/** The API's beta wrote formats as one word. @type {Map<string, string>} */
const OLD_TYPES = new Map([
  ['pcm16', 'audio/pcm'],
  ['g711_ulaw', 'audio/pcmu'],
  ['g711_alaw', 'audio/pcma'],
]);

/** @param {any} format as a session has it; nothing is the API's default @returns {Format} */
export function readFormat(format) {
  const named = typeof format === 'string' ? { type: OLD_TYPES.get(format) ?? format } : (format ?? {});
  const type = String(named.type ?? 'audio/pcm');
  return { type, rate: LAWS.has(type) ? G711_RATE : Number(named.rate) || SAMPLE_RATE };
}

/** Whether sound of that format can be played and made here. @param {Format} format */
export function isKnown({ type, rate }) {
  return LAWS.has(type) || (type === 'audio/pcm' && Number.isInteger(rate) && rate >= G711_RATE && rate <= 96_000);
}

export class SessionSound {
  #up = readFormat(null);
  #down = readFormat(null);
  /** @type {Resampler | null} of the microphone */
  #upward = null;
  /** @type {Map<string, Resampler>} by item and part */
  #streams = new Map();

  /** @param {Record<string, any>} session as the other side describes it */
  learn({ audio, input_audio_format: oldUp, output_audio_format: oldDown }) {
    const up = readFormat(audio?.input?.format ?? oldUp);
    const down = readFormat(audio?.output?.format ?? oldDown);
    if (!same(up, this.#up)) this.#upward = null;
    if (!same(down, this.#down)) this.#streams.clear();
    this.#up = up;
    this.#down = down;
  }

  /** The formats that cannot be played or made here. @returns {string[]} each once */
  get unknown() {
    return [...new Set([this.#up, this.#down].filter((format) => !isKnown(format)).map(({ type }) => type))];
  }

  /** @param {string} stream item and part @param {Uint8Array<ArrayBuffer>} bytes handed over @returns {Int16Array<ArrayBuffer> | null} */
  decode(stream, bytes) {
    if (!isKnown(this.#down)) return null;
    const { type, rate } = this.#down;
    const law = LAWS.get(type);
    const samples = law ? Int16Array.from(bytes, (byte) => law.decode[byte]) : new Int16Array(bytes.buffer, 0, bytes.length >> 1);
    return rate === SAMPLE_RATE ? samples : resample(this.#streamOf(stream, rate), samples, SAMPLE_RATE / rate);
  }

  /** @param {Int16Array} samples 24 kHz @returns {Uint8Array<ArrayBuffer> | null} bytes of their own */
  encode(samples) {
    if (!isKnown(this.#up)) return null;
    const { type, rate } = this.#up;
    const law = LAWS.get(type);
    if (rate !== SAMPLE_RATE) this.#upward ??= new Resampler(SAMPLE_RATE, rate);
    const own = this.#upward === null ? samples.slice() : resample(this.#upward, samples, rate / SAMPLE_RATE);
    return law ? Uint8Array.from(own, law.encode) : new Uint8Array(own.buffer, own.byteOffset, own.byteLength);
  }

  /** @param {string} stream @param {number} rate */
  #streamOf(stream, rate) {
    const known = this.#streams.get(stream) ?? new Resampler(rate, SAMPLE_RATE);
    this.#streams.delete(stream);
    this.#streams.set(stream, known); // the newest last
    if (this.#streams.size > MOST_STREAMS) this.#streams.delete([...this.#streams.keys()][0]);
    return known;
  }
}

const BLOCK_FRAMES = 2048; // as much as a resampler takes at once

/** @param {Resampler} resampler @param {Int16Array} samples @param {number} ratio @returns {Int16Array<ArrayBuffer>} */
function resample(resampler, samples, ratio) {
  const made = new Float32Array(Math.ceil(samples.length * ratio) + Math.ceil(samples.length / BLOCK_FRAMES) + 1);
  const block = new Float32Array(BLOCK_FRAMES);
  let frames = 0;
  for (let start = 0; start < samples.length; start += BLOCK_FRAMES) {
    const some = samples.subarray(start, start + BLOCK_FRAMES);
    pcm16ToFloat(some, block);
    frames += resampler.process(block, some.length, made.subarray(frames));
  }
  const result = new Int16Array(frames);
  floatToPcm16(made, result, frames);
  return result;
}

/** @param {Format} a @param {Format} b */
function same(a, b) {
  return a.type === b.type && a.rate === b.rate;
}
