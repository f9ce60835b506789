/** Two voices as a WAV file: 16 bits, stereo. */
import { SAMPLE_RATE } from './pcm.js';

const HEADER_BYTES = 44;
const CHANNELS = 2;
const SAMPLE_BYTES = 2;

/**
 * @param {Int16Array} left
 * @param {Int16Array} right the shorter of the two is followed by silence
 * @param {number} [rate]
 * @returns {Uint8Array<ArrayBuffer>} the file
 */
export function stereoWav(left, right, rate = SAMPLE_RATE) {
  const frames = Math.max(left.length, right.length);
  const dataBytes = frames * CHANNELS * SAMPLE_BYTES;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + dataBytes));
  writeHeader(view, dataBytes, rate);
  for (let frame = 0; frame < frames; frame += 1) {
    const at = HEADER_BYTES + frame * CHANNELS * SAMPLE_BYTES;
    view.setInt16(at, left[frame] ?? 0, true);
    view.setInt16(at + SAMPLE_BYTES, right[frame] ?? 0, true);
  }
  return new Uint8Array(view.buffer);
}

/** @param {DataView} view @param {number} dataBytes @param {number} rate */
function writeHeader(view, dataBytes, rate) {
  const frameBytes = CHANNELS * SAMPLE_BYTES;
  writeText(view, 0, 'RIFF');
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  writeText(view, 8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // PCM
  view.setUint16(22, CHANNELS, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, 8 * SAMPLE_BYTES, true);
  writeText(view, 36, 'data');
  view.setUint32(40, dataBytes, true);
}

/** @param {DataView} view @param {number} at @param {string} text */
function writeText(view, at, text) {
  for (let index = 0; index < text.length; index += 1) view.setUint8(at + index, text.charCodeAt(index));
}
