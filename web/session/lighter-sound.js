/** Has what is said go as telephone sound where the line is too slow for more: a sixth of the bytes. */

/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */

const LIGHTER = { audio: { input: { format: { type: 'audio/pcmu' } } } };

/** Whether a `session.update` asks for nothing but lighter sound, as this page does by itself. @param {Record<string, any>} changes */
export function isLighterSound(changes) {
  return JSON.stringify(changes) === JSON.stringify(LIGHTER);
}

/** Asks each session once. It changes in the middle of what is said, which therefore waits for the answer. */
export class LighterSound {
  /** @type {RealtimeClient | null} which session was asked */
  #asked = null;
  #pending = false;

  /** Whether an answer is awaited: what is sent now may be taken for either. */
  get pending() {
    return this.#pending;
  }

  /**
   * Asks for lighter sound, where that is something to ask for.
   *
   * @param {RealtimeClient} client
   * @returns {Promise<boolean>} whether it was taken
   */
  async ask(client) {
    if (this.#asked === client || !sendsPcm(client.session)) return false;
    this.#asked = client;
    this.#pending = true;
    await client.changeSession(LIGHTER);
    if (this.#asked !== client) return false;
    this.#pending = false;
    return !sendsPcm(client.session);
  }

  /** The session is lost, and the next is asked anew. */
  lose() {
    this.#asked = null;
    this.#pending = false;
  }
}

/** @param {Record<string, any> | null} session */
function sendsPcm(session) {
  return session?.audio?.input !== undefined && (session.audio.input.format?.type ?? 'audio/pcm') === 'audio/pcm';
}
