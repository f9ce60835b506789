/**
 * The `session.update` that a page begins with: input transcription where the session lacks it, PCM16 where it has
 * sound that cannot be played here, and nothing else, since the relay has set it up already.
 */
import { isKnown, readFormat } from './session-sound.js';

const SETTLE_MS = 250; // a relay's own session.update is answered within one round trip to the model
const TRANSCRIPTION = { model: 'gpt-transcribe' };
const OF_TRANSLATION = { model: 'gpt-realtime-whisper' };
const PCM = { type: 'audio/pcm', rate: 24000 };

/**
 * Changes a new session as far as it must be, once a relay that sets sessions up has had the time to.
 *
 * @param {import('./realtime-client.js').RealtimeClient} client
 */
export async function setUpSession(client) {
  await new Promise((resolve) => {
    client.addEventListener('session.updated', resolve, { once: true });
    setTimeout(resolve, SETTLE_MS);
  });
  const missing = missingSettings(client.session ?? {});
  if (missing !== null) client.updateSession(missing);
}

/**
 * @param {Record<string, any>} session as the other side describes it
 * @returns {Record<string, any> | null} for `session.update`; null where nothing is missing
 */
export function missingSettings(session) {
  const { input, output } = session.audio ?? {};
  /** @type {Record<string, any>} */
  const missing = {};
  if (!input?.transcription) missing.input = { transcription: session.type === 'translation' ? OF_TRANSLATION : TRANSCRIPTION };
  if (isUnsupported(input?.format)) missing.input = { ...missing.input, format: PCM };
  if (isUnsupported(output?.format)) missing.output = { format: PCM };
  return Object.keys(missing).length === 0 ? null : { audio: missing };
}

/** Whether sound of that format cannot be played or made here. @param {any} format */
function isUnsupported(format) {
  return !isKnown(readFormat(format));
}
