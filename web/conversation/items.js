/**
 * Conversation items that this side creates: typed messages with images, and earlier turns for a new session.
 */
import { splitHeard } from './transcript.js';

/** @typedef {import('./turn-list.js').Turn} Turn */

const MOST_HISTORY_TURNS = 40;
const MOST_HISTORY_IMAGES = 4; // each is as large as a minute of speech

/**
 * What a visitor says in writing, and pictures with it.
 *
 * @param {string} text may be ''
 * @param {string[]} images data URIs
 */
export function userItem(text, images) {
  const id = `item_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`;
  return { id, type: 'message', role: 'user', content: contentOf(text, images) };
}

/**
 * The last turns as items that a new session can be given, so that it knows what was said, seen and heard.
 *
 * @param {readonly Turn[]} turns
 * @returns {{items: Record<string, any>[], missing: string[]}} `missing` names, in words, what cannot be told
 */
export function historyOf(turns) {
  const said = turns.filter(({ role, waiting }) => role !== 'notice' && !waiting);
  const last = said.slice(-MOST_HISTORY_TURNS);
  const images = last.flatMap((turn) => turn.images).slice(-MOST_HISTORY_IMAGES);
  /** @type {Set<string>} */
  const missing = new Set(said.length > last.length ? [`what came before the last ${MOST_HISTORY_TURNS} turns`] : []);
  const items = last.flatMap((turn) => itemsOf(turn, images, missing));
  return { items, missing: [...missing] };
}

/**
 * @param {Turn} turn @param {string[]} images that may be told @param {Set<string>} missing
 * @returns {Record<string, any>[]}
 */
function itemsOf(turn, images, missing) {
  if (turn.call !== null) return callItems(turn.id, turn.call, missing);
  const content = turn.role === 'user' ? userContent(turn, images, missing) : assistantContent(turn);
  return content.length === 0 ? [] : [{ id: turn.id, type: 'message', role: turn.role, content }];
}

/** @param {Turn} turn @param {string[]} images @param {Set<string>} missing */
function userContent(turn, images, missing) {
  const shown = turn.images.filter((image) => images.includes(image));
  if (shown.length < turn.images.length) missing.add('older pictures');
  if (turn.text === '' && turn.spoken) missing.add('what was said without a transcript');
  return contentOf(turn.text, shown);
}

/** Of an answer that goes on being played, all that came will have been heard. @param {Turn} turn */
function assistantContent(turn) {
  if (turn.text === '') return [];
  return [{ type: 'output_text', text: heardOf(turn) || '…' }];
}

/** @param {Turn} turn */
function heardOf(turn) {
  if (turn.cut) return splitHeard(turn).heard;
  return turn.lost ? splitHeard({ ...turn, heardMs: turn.audioMs }).heard : turn.text;
}

/**
 * Tells a session how much was heard of an answer that it knows as text alone, and that cannot be truncated in it.
 *
 * @param {Turn} turn which was cut
 */
export function interruptionItem(turn) {
  const { heard } = splitHeard(turn);
  const text =
    heard === ''
      ? 'The user interrupted your last answer before any of it was heard.'
      : `The user interrupted your last answer after “${heard.trim()}”, and did not hear the rest of it.`;
  return { type: 'message', role: 'system', content: [{ type: 'input_text', text }] };
}

/** @param {string} id @param {import('./turn-list.js').Call} call @param {Set<string>} missing */
function callItems(id, { kind, name, callId, input, output }, missing) {
  if (kind !== 'function') {
    missing.add('tools that the model used by itself');
    return [];
  }
  const call = { id, type: 'function_call', call_id: callId, name, arguments: input };
  return output === null ? [call] : [call, { type: 'function_call_output', call_id: callId, output }];
}

/** @param {string} text @param {string[]} images */
function contentOf(text, images) {
  const content = images.map(
    (url) => /** @type {Record<string, string>} */ ({ type: 'input_image', image_url: url }),
  );
  if (text !== '') content.push({ type: 'input_text', text });
  return content;
}

/**
 * Whether the last word is the visitor's, or a tool's result, and nobody has answered it.
 *
 * @param {readonly Turn[]} turns
 */
export function endsUnanswered(turns) {
  const last = turns.findLast(({ role, waiting }) => role !== 'notice' && !waiting);
  if (last?.call) return last.call.kind === 'function' && last.call.output !== null;
  return last?.role === 'user' && (last.text !== '' || last.images.length > 0);
}
