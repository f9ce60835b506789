/** What a visitor gives a session besides speech: typed messages with pictures, results of calls, and decisions about them. */
import { CallResults } from '../conversation/call-results.js';
import { openCall } from '../conversation/calls.js';
import { Outbox } from './outbox.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

/**
 * Typed messages wait for a session that is being opened or restored, and are given back where none comes. Results and
 * decisions need one that is there.
 *
 * Events: `change`, `notice` (detail: a sentence worth showing for a moment) and `unsent` (detail `{text, images}`: typed,
 * and given back).
 */
export class VisitorInput extends EventTarget {
  #connector;
  #conversation;
  #turnTaking;
  #results = new CallResults();
  #outbox = new Outbox();
  /** Whether the session knows what it has to know, and is told more. */
  #ready = false;

  /**
   * @param {object} parts
   * @param {import('./connector.js').Connector} parts.connector
   * @param {import('../conversation/conversation.js').Conversation} parts.conversation
   * @param {import('../conversation/turn-taking.js').TurnTaking} parts.turnTaking
   */
  constructor({ connector, conversation, turnTaking }) {
    super();
    this.#connector = connector;
    this.#conversation = conversation;
    this.#turnTaking = turnTaking;
  }

  /** Whether there is a session that takes what is given. */
  get ready() {
    return this.#ready;
  }

  /** The calls that wait for this side, oldest first. */
  get openCalls() {
    return this.#conversation.turns.map(openCall).filter((call) => call !== null);
  }

  /**
   * A session knows what it has to know: it is told what waited.
   *
   * @param {boolean} owesAnswer whether it is asked for an answer, though nothing waited
   */
  begin(owesAnswer) {
    this.#ready = true;
    if (owesAnswer && !this.#outbox.waiting) this.#respond();
    this.#sendTyped();
  }

  /** The session is lost: what it has not confirmed waits for the next. */
  lose() {
    this.#ready = false;
    this.#results.lose();
    for (const id of this.#outbox.lose()) this.#conversation.setWaiting(id, true);
  }

  /** No session will come: gives back what waited. */
  giveBack() {
    for (const { item, text, images } of this.#outbox.withdraw()) {
      this.#conversation.withdraw(item.id);
      this.#tell('unsent', { text, images });
    }
  }

  /** @param {RealtimeEvent} event any server event */
  apply(event) {
    this.#outbox.apply(event);
  }

  /** @param {RealtimeEvent} event any server event of the conversation itself */
  follow(event) {
    if (this.#results.apply(event)) this.#respond();
  }

  /**
   * Says something in writing, interrupting the answer that is being heard.
   *
   * @param {string} text
   * @param {string[]} images data URIs
   */
  async say(text, images) {
    this.#conversation.addTyped(this.#outbox.add(text, images), text, images);
    this.#changed();
    if (this.#ready) await this.#turnTaking.interruptAndWait();
    else await this.#turnTaking.silence();
    this.#sendTyped();
  }

  /**
   * Gives the result of a function call. The answer to it is asked for once, after the last call of its answer.
   *
   * @param {string} callId
   * @param {string} output
   * @returns {boolean} whether there was a session to take it
   */
  answerCall(callId, output) {
    if (!this.#give({ type: 'function_call_output', call_id: callId, output })) return false;
    if (this.#results.answer(callId)) this.#respond();
    return true;
  }

  /**
   * Says whether an MCP server may do what it asked for.
   *
   * @param {string} id of the request
   * @param {boolean} approve
   * @returns {boolean} whether there was a session to take it
   */
  decideCall(id, approve) {
    return this.#give({ type: 'mcp_approval_response', approval_request_id: id, approve });
  }

  /** @param {Record<string, any>} item @returns {boolean} */
  #give(item) {
    const { client } = this.#connector;
    if (client === null || !this.#ready) {
      const lost = this.#connector.state !== 'closed';
      this.#tell('notice', lost ? 'Wait until the session is back.' : 'Start a session first.');
      return false;
    }
    client.createItem(item);
    this.#conversation.answerCall(item);
    this.#changed();
    return true;
  }

  #sendTyped() {
    const { client } = this.#connector;
    if (!this.#ready || client === null || !this.#outbox.waiting) return;
    for (const item of this.#outbox.take()) {
      client.createItem(item);
      this.#conversation.setWaiting(item.id, false);
    }
    this.#respond();
  }

  /** Asks for an answer, where there is somebody to ask. */
  #respond() {
    const { client } = this.#connector;
    if (client === null) return;
    client.createResponse();
    this.#turnTaking.answers.expect();
  }

  #changed() {
    this.dispatchEvent(new Event('change'));
  }

  /** @param {string} type @param {unknown} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
