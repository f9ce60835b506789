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
  const lost = changes === null ? [] : await changed(client, changes);
  const { items, missing } = historyOf(turns);
  if (client.ready) for (const item of items) client.createItem(item);
  return [...lost, ...missing];
}

/** @param {string[]} missing @returns {string} the end of a sentence */
export function butNot(missing) {
  return missing.length === 0 ? '.' : `, but for ${missing.join('; ')}.`;
}

/**
 * @param {RealtimeClient} client
 * @param {Record<string, any>} changes
 * @returns {Promise<string[]>} what of them is not in force, or may not be
 */
async function changed(client, changes) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const silence = new Promise((resolve) => {
    timer = setTimeout(() => resolve(null), ANSWER_MS);
  });
  const taken = await Promise.race([client.changeSession(changes), silence]);
  clearTimeout(timer);
  if (taken) return [];
  const settings = `the settings ${Object.keys(changes).join(', ')}`;
  return [taken === null ? `${settings}, which nobody has confirmed` : settings];
}
