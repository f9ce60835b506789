/**
 * Turns of a conversation in their order, found by item id, and no more of them than a limit.
 */

/**
 * @typedef {object} Call
 * @property {'function' | 'mcp' | 'approval'} kind whether this side answers it, a server does, or a server wants to
 * @property {string} name
 * @property {string} server its label; '' for a function
 * @property {string} callId
 * @property {string} input its arguments, as the model wrote them
 * @property {string | null} output null while there is none
 */

/**
 * @typedef {object} Turn
 * @property {string} id of the item
 * @property {'user' | 'assistant' | 'tool' | 'notice'} role
 * @property {string} text as far as it is known
 * @property {boolean} spoken rather than typed
 * @property {boolean} final no more text will come
 * @property {string[]} images data URIs
 * @property {Call | null} call of a tool
 * @property {number} audioMs how much sound of it has come
 * @property {number | null} heardMs how much of that was heard; null where nobody tells, or all of it was
 * @property {boolean} cut it was interrupted
 * @property {boolean} lost its session was, before all of its sound had come
 * @property {boolean} waiting typed, and not sent yet
 * @property {string} problem why it is not whole, in words; '' where it is
 * @property {number} costUsd as the relay counts; 0 where it has told nothing
 * @property {number} revision changes with every change
 */

export class TurnList {
  #limit;
  /** @type {Turn[]} */
  #turns = [];
  /** @type {Map<string, Turn>} */
  #byId = new Map();
  /** How many were dropped at the limit. */
  dropped = 0;

  /** @param {number} limit the oldest is dropped when there would be more */
  constructor(limit) {
    this.#limit = limit;
  }

  /** Oldest first. @returns {readonly Turn[]} */
  get all() {
    return this.#turns;
  }

  /** @param {string} id */
  get(id) {
    return this.#byId.get(id);
  }

  /**
   * Gives the turn of that id, a new one at the end where there is none.
   *
   * @param {string} id
   * @param {Turn['role']} role
   * @returns {Turn}
   */
  obtain(id, role) {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const turn = newTurn(id, role);
    this.#turns.push(turn);
    this.#byId.set(id, turn);
    if (this.#turns.length > this.#limit) {
      this.dropped += 1;
      this.remove(this.#turns[0].id);
    }
    return turn;
  }

  /** @param {string} id */
  remove(id) {
    this.#byId.delete(id);
    this.#turns = this.#turns.filter((turn) => turn.id !== id);
  }

  /**
   * Moves a turn behind the one that it follows, if that is known.
   *
   * @param {Turn} turn
   * @param {string | null | undefined} previousId
   */
  placeAfter(turn, previousId) {
    const previous = this.#turns.findIndex(({ id }) => id === previousId);
    if (previous < 0 || turn.id === previousId || this.#turns[previous + 1] === turn) return;
    const others = this.#turns.filter((other) => other !== turn);
    others.splice(others.findIndex(({ id }) => id === previousId) + 1, 0, turn);
    this.#turns = others;
  }

  /**
   * Forgets all but what waits to be sent.
   *
   * @returns {() => void} brings back what was cleared, before what has been added since
   */
  clear() {
    const cleared = this.#turns;
    this.#turns = cleared.filter(({ waiting }) => waiting);
    this.#byId = new Map(this.#turns.map((turn) => [turn.id, turn]));
    return () => {
      const older = cleared.filter(({ id }) => !this.#byId.has(id));
      this.#turns = [...older, ...this.#turns].slice(-this.#limit);
      this.#byId = new Map(this.#turns.map((turn) => [turn.id, turn]));
    };
  }
}

/** @param {string} id @param {Turn['role']} role @returns {Turn} */
function newTurn(id, role) {
  return {
    id,
    role,
    text: '',
    spoken: false,
    final: false,
    images: [],
    call: null,
    audioMs: 0,
    heardMs: null,
    cut: false,
    lost: false,
    waiting: false,
    problem: '',
    costUsd: 0,
    revision: 0,
  };
}

/** Says that a turn has changed. @param {Turn} turn */
export function touch(turn) {
  turn.revision += 1;
}
