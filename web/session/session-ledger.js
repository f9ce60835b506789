/** What was changed of a session and accepted, to be said again to the session that replaces a lost one. */
import { isLighterSound } from './lighter-sound.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

/** The objects whose fields are changed one by one; any other value is replaced whole. */
const NESTED = new Set(['audio', 'input', 'output']);

/**
 * Follows `session.update` from both sides: `sent` and `received` get each event, in order. A change counts once it
 * is answered by `session.updated`; one that an `error` names is forgotten.
 */
export class SessionLedger {
  /** @type {Record<string, any>} */
  #accepted = {};
  /** @type {Map<string, Record<string, any>>} by event id, oldest first */
  #pending = new Map();

  /** All accepted changes as one, for `session.update`; null where there are none. */
  get changes() {
    return Object.keys(this.#accepted).length === 0 ? null : structuredClone(this.#accepted);
  }

  /** @param {RealtimeEvent} event @param {boolean} [pushToTalk] which switches detection off by itself */
  sent({ type, event_id: id = '', session }, pushToTalk = false) {
    if (type !== 'session.update') return;
    const changes = withoutType(session);
    const isOwn = (pushToTalk && isSwitch(changes)) || isLighterSound(changes);
    this.#pending.set(id, isOwn ? {} : changes); // what the page does by itself it does in each session anew
  }

  /** @param {RealtimeEvent} event */
  received({ type, error }) {
    if (type === 'error') this.#pending.delete(error?.event_id);
    if (type !== 'session.updated') return;
    const [oldest] = this.#pending;
    if (oldest === undefined) return; // the relay's own, or nobody's
    this.#pending.delete(oldest[0]);
    this.#accepted = merge(this.#accepted, oldest[1]);
  }

  /** The session is lost: what it has not answered it never will. */
  lose() {
    this.#pending.clear();
  }

  /** Forgets what was changed. @returns {() => void} brings it back */
  clear() {
    const accepted = this.#accepted;
    this.#accepted = {};
    return () => {
      this.#accepted = accepted;
    };
  }
}

/** @param {Record<string, any>} session */
function withoutType({ type: _type, ...changes }) {
  return changes;
}

/** @param {Record<string, any>} changes */
function isSwitch(changes) {
  return JSON.stringify(changes) === '{"audio":{"input":{"turn_detection":null}}}';
}

/** @param {Record<string, any>} before @param {Record<string, any>} changes @returns {Record<string, any>} */
function merge(before, changes) {
  const after = { ...before };
  for (const [name, value] of Object.entries(changes))
    after[name] = NESTED.has(name) && value !== null ? merge(before[name] ?? {}, value) : value;
  return after;
}
