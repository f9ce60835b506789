/**
 * Conversation items that this side creates: typed messages with images, and earlier turns for a new session.
 */
import { splitHeard } from './transcript.js';

/** @typedef {import('./turn-list.js').Turn} Turn */

const MOST_HISTORY_ITEMS = 40;

/**
 * What a visitor says in writing, and pictures with it.
 *
 * @param {string} text may be ''
 * @param {string[]} images data URIs
 */
export function userItem(text, images) {
  const id = `item_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
  const content = images.map(
    (url) => /** @type {Record<string, string>} */ ({ type: 'input_image', image_url: url }),
  );
  if (text !== '') content.push({ type: 'input_text', text });
  return { id, type: 'message', role: 'user', content };
}

/**
 * The last turns as items that a new session can be given, so that it knows what was said and heard.
 *
 * @param {readonly Turn[]} turns
 * @returns {Record<string, any>[]}
 */
export function historyItems(turns) {
  return turns
    .filter(({ role, text }) => text !== '' && (role === 'user' || role === 'assistant'))
    .slice(-MOST_HISTORY_ITEMS)
    .map((turn) => ({
      id: turn.id,
      type: 'message',
      role: turn.role,
      content: [
        turn.role === 'user'
          ? { type: 'input_text', text: turn.text }
          : { type: 'output_text', text: splitHeard(turn).heard || '…' },
      ],
    }));
}
