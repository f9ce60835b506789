/**
 * Sample arithmetic, without audio devices: float and 16-bit samples, base64, levels, and time.
 *
 * Samples are mono. "Frames" are samples of one channel, so at 24 kHz one millisecond is 24 frames.
 */

/** The rate that the Realtime API speaks, in frames per second. */
export const SAMPLE_RATE = 24000;

/** @param {number} ms @param {number} [rate] @returns {number} whole frames, rounded down */
export function msToFrames(ms, rate = SAMPLE_RATE) {
  return Math.floor((ms * rate) / 1000);
}

/** @param {number} frames @param {number} [rate] @returns {number} milliseconds, not rounded */
export function framesToMs(frames, rate = SAMPLE_RATE) {
  return (frames * 1000) / rate;
}

/**
 * Converts floats to 16-bit samples. What lies outside -1…1 is clipped, what is not a number becomes silence.
 *
 * @param {Float32Array} input
 * @param {Int16Array} output at least as long as `input`
 * @param {number} [length] how many to convert
 */
export function floatToPcm16(input, output, length = input.length) {
  for (let index = 0; index < length; index += 1) {
    const scaled = Math.round(input[index] * 32768);
    output[index] = scaled > 32767 ? 32767 : scaled < -32768 ? -32768 : scaled;
  }
}

/**
 * @param {Int16Array} input
 * @param {Float32Array} output at least as long as `input`
 * @param {number} [length] how many to convert
 */
export function pcm16ToFloat(input, output, length = input.length) {
  for (let index = 0; index < length; index += 1) output[index] = input[index] / 32768;
}

/**
 * The loudness of a chunk as root mean square.
 *
 * @param {Int16Array} samples
 * @returns {number} 0 (silence, also for an empty chunk) to 1
 */
export function level(samples) {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (let index = 0; index < samples.length; index += 1) sum += samples[index] * samples[index];
  return Math.sqrt(sum / samples.length) / 32768;
}

/**
 * @param {Int16Array} samples in the machine's byte order, which is little-endian on all that run browsers
 */
export function pcm16ToBase64(samples) {
  return encodeBase64(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
}

/** @param {Uint8Array} bytes */
export function encodeBase64(bytes) {
  return typeof bytes.toBase64 === 'function' ? bytes.toBase64() : bytesToBase64(bytes);
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>} the only view of its buffer
 * @throws {SyntaxError | DOMException} where the text is not base64
 */
export function decodeBase64(text) {
  return typeof Uint8Array.fromBase64 === 'function' ? Uint8Array.fromBase64(text) : base64ToBytes(text);
}

/** For browsers without `toBase64`. @param {Uint8Array} bytes */
export function bytesToBase64(bytes) {
  const sliceBytes = 0x8000; // more arguments than this overflow the stack in some engines
  let binary = '';
  for (let start = 0; start < bytes.length; start += sliceBytes) {
    binary += String.fromCharCode(...bytes.subarray(start, start + sliceBytes));
  }
  return btoa(binary);
}

/** For browsers without `fromBase64`. @param {string} text */
export function base64ToBytes(text) {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let index = 0; index < binary.length; index += 1) bytes[index] = binary.charCodeAt(index);
  return bytes;
}
