/**
 * How events and audio are encoded on the WebSocket: what a codec is, and the API's own JSON with base64.
 */
import { decodeBase64, encodeBase64 } from '../audio/pcm.js';

/**
 * An event of the Realtime API, either way.
 *
 * @typedef {{type: string, event_id?: string, [field: string]: any}} RealtimeEvent
 */

/**
 * @typedef {object} AudioDelta a slice of an answer's sound
 * @property {string} itemId
 * @property {number} contentIndex
 * @property {string} responseId
 * @property {Int16Array<ArrayBuffer>} samples 24 kHz; the only view of its buffer
 */

/**
 * The same as it came, in the session's format.
 *
 * @typedef {Omit<AudioDelta, 'samples'> & {bytes: Uint8Array<ArrayBuffer>}} EncodedAudio
 */

/**
 * What one message was; an audio event is both.
 *
 * @typedef {{event: RealtimeEvent | null, audio: EncodedAudio | null}} Received
 */

/**
 * How events and audio are written on the wire. `protocol` is the WebSocket subprotocol that chooses it, ''
 * for none.
 *
 * @typedef {object} Codec
 * @property {string} protocol
 * @property {(event: RealtimeEvent) => string} encodeEvent
 * @property {(bytes: Uint8Array<ArrayBuffer>) => string | ArrayBuffer} encodeAudio in the session's format; handed over
 * @property {(data: string | ArrayBuffer) => Received} decode throws where the message is none of this
 *   codec's
 */

/** Names of the API's beta, still used by others who speak its protocol. @type {Map<string, string>} */
const OLD_NAMES = new Map(
  Object.entries({
    'response.audio.delta': 'response.output_audio.delta',
    'response.audio.done': 'response.output_audio.done',
    'response.audio_transcript.delta': 'response.output_audio_transcript.delta',
    'response.audio_transcript.done': 'response.output_audio_transcript.done',
    'response.text.delta': 'response.output_text.delta',
    'response.text.done': 'response.output_text.done',
    'conversation.item.created': 'conversation.item.added',
  }),
);

/** The API's own form: everything is JSON text, audio is base64 inside it. @type {Codec} */
export const jsonCodec = {
  protocol: '',
  encodeEvent: JSON.stringify,
  encodeAudio: (bytes) => `{"type":"input_audio_buffer.append","audio":"${encodeBase64(bytes)}"}`,
  decode(data) {
    if (typeof data !== 'string') throw new TypeError('binary message without a binary subprotocol');
    const event = JSON.parse(data);
    if (event === null || typeof event !== 'object' || typeof event.type !== 'string') {
      throw new TypeError('message is not an event');
    }
    event.type = OLD_NAMES.get(event.type) ?? event.type;
    return { event, audio: event.type === 'response.output_audio.delta' ? audioDelta(event) : null };
  },
};

/** @param {RealtimeEvent} event @returns {EncodedAudio} */
function audioDelta(event) {
  return {
    itemId: event.item_id,
    contentIndex: event.content_index ?? 0,
    responseId: event.response_id ?? '',
    bytes: decodeBase64(event.delta),
  };
}
