/** Changes a session for a visitor, who is told what became of it. */

/**
 * @param {import('../session/voice-session.js').VoiceSession} voice
 * @param {Record<string, any>} changes
 * @returns {Promise<{taken: boolean, words: string}>} never settles where no answer comes
 */
export async function changeSession(voice, changes) {
  let refusal = '';
  const listen = (/** @type {Event} */ event) => {
    const { type, error } = /** @type {CustomEvent} */ (event).detail;
    if (type === 'error') refusal = error?.message ?? '';
  };
  voice.addEventListener('received', listen);
  const taken = (await voice.client?.changeSession(changes)) ?? false;
  voice.removeEventListener('received', listen);
  return { taken, words: taken ? 'The session was updated.' : `Refused: ${refusal}` };
}
