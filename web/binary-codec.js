import { jsonCodec } from './codecs.js';

const VERSION = 1;
const FIXED_BYTES = 8;
const NAME = new TextDecoder();

/**
 * Audio in bytes both ways, everything else as JSON: the relay's `relay.binary.v1` (`docs/binary-audio.md`).
 * A delta's event has no `delta`; its samples are in the audio beside it.
 *
 * @type {import('./codecs.js').Codec}
 */
export const binaryCodec = {
  protocol: 'relay.binary.v1',
  encodeEvent: jsonCodec.encodeEvent,
  encodeAudio: (samples) => samples.slice().buffer,
  decode(data) {
    if (typeof data === 'string') return jsonCodec.decode(data);
    const { itemId, contentIndex, headerBytes } = header(data);
    return {
      event: { type: 'response.output_audio.delta', item_id: itemId, content_index: contentIndex },
      audio: { itemId, contentIndex, responseId: '', samples: new Int16Array(data.slice(headerBytes)) },
    };
  },
};

/** @param {ArrayBuffer} data @returns {{itemId: string, contentIndex: number, headerBytes: number}} */
function header(data) {
  const view = new DataView(data);
  const headerBytes = view.getUint8(1);
  if (view.getUint8(0) !== VERSION || headerBytes < FIXED_BYTES) throw new TypeError('unknown binary message');
  const name = new Uint8Array(data, FIXED_BYTES, headerBytes - FIXED_BYTES);
  const end = name.indexOf(0);
  return {
    itemId: NAME.decode(end < 0 ? name : name.subarray(0, end)),
    contentIndex: view.getUint16(2, true),
    headerBytes,
  };
}
