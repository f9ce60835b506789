/** Makes a new session the one that was lost, as far as it can be: its settings as they were, and what was said. */
import { historyOf } from '../conversation/items.js';

/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */

const ANSWER_MS = 2_000;

/**
 * @param {RealtimeClient} client
 * @param {object} before
 * @param {readonly import('../conversation/turn-list.js').Turn[]} before.turns
 * @param {Record<string, any> | null} before.changes what of the session had been changed
 * @returns {Promise<string[]>} what could not be restored, in words
 */
export async function retell(client, { turns, changes }) {
  const refused = changes !== null && !(await accepts(client, changes)) ? [settingsOf(changes)] : [];
  const { items, missing } = historyOf(turns);
  if (client.ready) for (const item of items) client.createItem(item);
  return [...refused, ...missing];
}

/** @param {string[]} missing @returns {string} the end of a sentence */
export function butNot(missing) {
  return missing.length === 0 ? '.' : `, but for ${missing.join('; ')}.`;
}

/** @param {RealtimeClient} client @param {Record<string, any>} changes @returns {Promise<boolean>} */
function accepts(client, changes) {
  return new Promise((resolve) => {
    const id = client.updateSession(changes);
    client.addEventListener('session.updated', () => resolve(true), { once: true });
    client.addEventListener('error', (event) => {
      if (/** @type {CustomEvent} */ (event).detail.error?.event_id === id) resolve(false);
    });
    setTimeout(() => resolve(false), ANSWER_MS);
  });
}

/** @param {Record<string, any>} changes */
function settingsOf(changes) {
  return `the settings ${Object.keys(changes).join(', ')}`;
}
