/**
 * Makes a new session the one that was lost, as far as it can be: its settings as they were, and what was said. Where the
 * relay keeps the conversation, it has said that again itself.
 */
import { historyOf } from '../conversation/items.js';

/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */

const ANSWER_MS = 2_000;

/**
 * @param {RealtimeClient} client
 * @param {object} before
 * @param {readonly import('../conversation/turn-list.js').Turn[]} before.turns
 * @param {Record<string, any> | null} before.changes what of the session had been changed
 * @param {number} [before.handedOn] how much of it the relay has said again
 * @returns {Promise<string[]>} what could not be restored, in words
 */
export async function retell(client, { turns, changes, handedOn = 0 }) {
  const lost = changes === null ? [] : await changed(client, changes);
  if (handedOn > 0) return turns.some(({ images }) => images.length > 0) ? [...lost, 'pictures'] : lost;
  const { items, missing } = historyOf(turns);
  if (client.ready) for (const item of items) client.createItem(item);
  return [...lost, ...missing];
}

/**
 * How much of a conversation its relay has said again; to be called as soon as the session has begun.
 *
 * @param {RealtimeClient} client
 * @returns {Promise<number>} 0 where it keeps none
 */
export function partsHandedOn(client) {
  if (!URL.canParse(client.url) || !new URL(client.url).searchParams.has('conversation')) return Promise.resolve(0);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(0), ANSWER_MS);
    const told = (/** @type {Event} */ event) => {
      clearTimeout(timer);
      resolve(Number(/** @type {CustomEvent} */ (event).detail.replayed) || 0);
    };
    client.addEventListener('relay.conversation', told, { once: true });
  });
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
