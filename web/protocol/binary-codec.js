/** The codec of `relay.binary.v1`: audio as binary messages, everything else as JSON. */
import { jsonCodec } from './codecs.js';

/** @typedef {import('./codecs.js').Codec} Codec */

const VERSION = 1;
const FIXED_BYTES = 8;
const NAME = new TextDecoder();

/**
 * Audio in bytes both ways, everything else as JSON: the relay's `relay.binary.v1` (`docs/binary-audio.md`).
 * A delta's event has no `delta`; its bytes are in the audio beside it. Its response is known from the
 * event that began its item, so each connection needs a codec of its own.
 *
 * @implements {Codec}
 */
export class BinaryCodec {
  protocol = 'relay.binary.v1';
  encodeEvent = jsonCodec.encodeEvent;
  /** By item, while they are made. @type {Map<string, string>} */
  #responses = new Map();

  /** @param {Uint8Array<ArrayBuffer>} bytes the only view of their buffer */
  encodeAudio(bytes) {
    return bytes.buffer;
  }

  /** @param {string | ArrayBuffer} data @returns {import('./codecs.js').Received} */
  decode(data) {
    if (typeof data !== 'string') return this.#decodeAudio(data);
    const received = jsonCodec.decode(data);
    if (received.event !== null) this.#learn(received.event);
    return received;
  }

  /** @param {ArrayBuffer} data */
  #decodeAudio(data) {
    const { itemId, contentIndex, headerBytes } = header(data);
    const responseId = this.#responses.get(itemId) ?? '';
    const bytes = new Uint8Array(data.slice(headerBytes));
    return {
      event: {
        type: 'response.output_audio.delta',
        response_id: responseId,
        item_id: itemId,
        content_index: contentIndex,
        samples: bytes.length >> 1, // in place of `delta`
      },
      audio: { itemId, contentIndex, responseId, bytes },
    };
  }

  /** @param {import('./codecs.js').RealtimeEvent} event */
  #learn(event) {
    if (event.type === 'response.output_item.added') this.#responses.set(event.item?.id, event.response_id);
    if (event.type === 'response.done')
      for (const { id } of event.response?.output ?? []) this.#responses.delete(id);
  }
}

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
