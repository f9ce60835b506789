/**
 * The conversations that a relay keeps for this visitor: which there are, which one goes on, and how one is deleted.
 *
 * A relay that asks nobody who he is lists only those whose ids it is told, so ids are kept in `localStorage`, for each
 * relay; their words are not.
 */
import { conversationsUrl, inConversation } from '../protocol/addresses.js';

const KEY = 'realtime-relay-conversations';
const MOST_IDS = 50;

/**
 * @typedef {object} Kept
 * @property {string} id
 * @property {string} begins what the visitor said first
 * @property {number} items how much was said
 * @property {number} saidAt when something was said last, in milliseconds as `Date.now()` counts
 */

/** @typedef {{url: string, ticket: string}} Relay */

/** Events: `change`, and `notice` (detail: a sentence for the visitor). */
export class KeptConversations extends EventTarget {
  /** Those that can go on, the one that was last spoken in first. @type {readonly Kept[]} */
  list = [];
  /** The one that goes on; '' where none does. */
  current = '';
  #getRelay;
  #ask;
  #storage;
  #asked = 0;

  /**
   * @param {() => Relay} getRelay as the next session will have it
   * @param {object} [parts]
   * @param {typeof fetch} [parts.ask]
   * @param {() => Pick<Storage, 'getItem' | 'setItem'>} [parts.getStorage]
   */
  constructor(getRelay, { ask = (...given) => fetch(...given), getStorage = () => window.localStorage } = {}) {
    super();
    this.#getRelay = getRelay;
    this.#ask = ask;
    this.#storage = getStorage;
  }

  /**
   * A target whose session goes on with the current conversation.
   *
   * @template {{url: string}} Target
   * @param {Target} target
   * @returns {Target}
   */
  inCurrent(target) {
    const goesOn = this.current !== '' && conversationsUrl(target.url) !== null;
    return goesOn ? { ...target, url: inConversation(target.url, this.current) } : target;
  }

  /**
   * Takes note of the conversation that a session is in.
   *
   * @param {import('../protocol/codecs.js').RealtimeEvent} event any server event
   * @returns {string} what the visitor should know of it, '' where there is nothing
   */
  apply(event) {
    if (event.type !== 'relay.conversation' || typeof event.id !== 'string') return '';
    const kept = this.list.find(({ id }) => id === event.id);
    this.current = event.id;
    this.#remember(event.id);
    if (kept === undefined || event.replayed >= kept.items) return '';
    if (event.replayed === 0) return 'Nothing of this conversation is known any more.';
    return `The conversation goes on. Of what was said before, the last ${event.replayed} of ${kept.items} parts were handed on.`;
  }

  /** The next session is in a conversation of its own. @returns {() => void} undoes that */
  leave() {
    const left = this.current;
    this.current = '';
    return () => {
      this.current = left;
    };
  }

  /** Asks the relay which there are, if it may have some. */
  async refresh() {
    this.#asked += 1;
    const asked = this.#asked;
    const { url, ticket } = this.#getRelay();
    const there = conversationsUrl(url);
    const ids = there === null ? [] : (this.#remembered()[there] ?? []);
    if (there === null || ids.length === 0) this.#show([]); // one that has never kept any is not asked
    else {
      const answer = await this.#request(`${there}?${new URLSearchParams(ids.map((id) => ['id', id]))}`, 'GET', ticket);
      const { data = [] } = answer?.ok ? await answer.json().catch(() => ({})) : {};
      if (asked === this.#asked) this.#show(data.map(read));
    }
  }

  /** Deletes one for good. @param {string} id */
  async delete(id) {
    const { url, ticket } = this.#getRelay();
    const answer = await this.#request(`${conversationsUrl(url)}/${encodeURIComponent(id)}`, 'DELETE', ticket);
    if (answer?.ok || answer?.status === 404) {
      if (this.current === id) this.current = '';
      this.#show(this.list.filter((kept) => kept.id !== id));
      this.#notice('The conversation was deleted.');
    } else this.#notice('The relay did not delete the conversation. Try again later.');
  }

  /** @param {string} url @param {string} method @param {string} ticket @returns {Promise<Response | null>} */
  #request(url, method, ticket) {
    /** @type {Record<string, string>} */
    const headers = ticket === '' ? {} : { Authorization: `Bearer ${ticket}` };
    return this.#ask(url, { method, headers, cache: 'no-store' }).catch(() => null);
  }

  /** @returns {Record<string, string[]>} ids by relay, the newest first */
  #remembered() {
    try {
      return JSON.parse(this.#storage().getItem(KEY) ?? '{}') ?? {};
    } catch {
      return {};
    }
  }

  /** @param {string} id */
  #remember(id) {
    const there = conversationsUrl(this.#getRelay().url);
    if (there === null) return;
    const remembered = this.#remembered();
    const others = (remembered[there] ?? []).filter((other) => other !== id);
    try {
      this.#storage().setItem(KEY, JSON.stringify({ ...remembered, [there]: [id, ...others].slice(0, MOST_IDS) }));
    } catch {
      return; // private mode, or full: it is known for as long as the page is open
    }
  }

  /** @param {Kept[]} list */
  #show(list) {
    this.list = list;
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} sentence */
  #notice(sentence) {
    this.dispatchEvent(new CustomEvent('notice', { detail: sentence }));
  }
}

/** @param {{id: unknown, begins: unknown, items: unknown, said_at: unknown}} told @returns {Kept} */
function read({ id, begins, items, said_at }) {
  return { id: String(id), begins: String(begins), items: Number(items), saidAt: Number(said_at) * 1000 };
}
