/**
 * What this page must change in a session that the relay has set up already: as little as can be.
 */

const SETTLE_MS = 250; // a relay's own session.update is answered within one round trip to the model
const TRANSCRIPTION = { model: 'gpt-transcribe' };
const PCM = { type: 'audio/pcm', rate: 24000 };

/**
 * Changes a new session as far as it must be, once a relay that sets sessions up has had the time to.
 *
 * @param {import('./realtime-client.js').RealtimeClient} client
 */
export async function meetNeeds(client) {
  await new Promise((resolve) => {
    client.addEventListener('session.updated', resolve, { once: true });
    setTimeout(resolve, SETTLE_MS);
  });
  const needs = sessionNeeds(client.session ?? {});
  if (needs !== null) client.updateSession(needs);
}

/**
 * @param {Record<string, any>} session as the other side describes it
 * @returns {Record<string, any> | null} for `session.update`; null where nothing is missing
 */
export function sessionNeeds(session) {
  const { input, output } = session.audio ?? {};
  /** @type {Record<string, any>} */
  const needs = {};
  if (!input?.transcription) needs.input = { transcription: TRANSCRIPTION };
  if (isForeign(input?.format)) needs.input = { ...needs.input, format: PCM };
  if (isForeign(output?.format)) needs.output = { format: PCM };
  return Object.keys(needs).length === 0 ? null : { audio: needs };
}

/** Whether sound of that format cannot be played or made here. @param {any} format */
function isForeign(format) {
  return format !== undefined && format !== null && format.type !== PCM.type;
}
