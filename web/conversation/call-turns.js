/** Calls of tools in a conversation's list: each is one turn, from its arguments to its result. */
import { resultOf, writeCall } from './calls.js';
import { touch } from './turn-list.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

export class CallTurns {
  #list;
  /** @type {Map<string, string>} MCP servers that are asked for their tools, by the item that will have these */
  #servers = new Map();

  /** @param {import('./turn-list.js').TurnList} list */
  constructor(list) {
    this.#list = list;
  }

  /** A call has come, or more of it. @param {any} item */
  take(item) {
    const turn = this.#list.obtain(item.id, 'tool');
    writeCall(turn, item);
    touch(turn);
  }

  /** More of its arguments. @param {RealtimeEvent} event */
  extend({ item_id, delta }) {
    const turn = this.#list.get(item_id);
    if (!turn?.call) return;
    turn.call.input += delta;
    touch(turn);
  }

  /** A server failed at it. @param {RealtimeEvent} event */
  fail({ item_id }) {
    const turn = this.#list.get(item_id);
    if (turn === undefined) return;
    turn.problem ||= 'failed';
    turn.final = true;
    touch(turn);
  }

  /** Writes a call's result, or what was decided about it. @param {any} item as it is sent, or comes */
  answer(item) {
    const result = resultOf(item);
    const turn = this.#list.all.findLast(({ call }) => call !== null && call.callId === result?.callId);
    if (!turn?.call || result === null) return;
    turn.call.output = result.output;
    touch(turn);
  }

  /** A server is asked for its tools. @param {any} item that will have them */
  expectTools(item) {
    this.#servers.set(item.id, item.server_label);
  }

  /** @param {string} id of the item that would have had the tools @returns {string} what is to be told */
  missTools(id) {
    const server = this.#servers.get(id) ?? 'an MCP server';
    return `The tools of ${server} could not be listed: the model has none of them.`;
  }
}
