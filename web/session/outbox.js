/** Typed messages on their way: kept until the other side has them, however often the session is lost. */
import { userItem } from '../conversation/items.js';

/**
 * @typedef {object} Message
 * @property {ReturnType<typeof userItem>} item
 * @property {string} text
 * @property {string[]} images data URIs
 * @property {boolean} sent to the session that there is now
 */

export class Outbox {
  /** @type {Message[]} */
  #messages = [];

  /** Whether a message waits to be sent. */
  get waiting() {
    return this.#messages.some(({ sent }) => !sent);
  }

  /** @param {string} text @param {string[]} images @returns {string} the id of its item */
  add(text, images) {
    const item = userItem(text, images);
    this.#messages.push({ item, text, images, sent: false });
    return item.id;
  }

  /** What is to be sent now, oldest first. It is kept until it is confirmed. @returns {Message['item'][]} */
  take() {
    const due = this.#messages.filter(({ sent }) => !sent);
    for (const message of due) message.sent = true;
    return due.map(({ item }) => item);
  }

  /** @param {import('../protocol/codecs.js').RealtimeEvent} event any server event: it may say that an item is there */
  apply({ type, item }) {
    if (type === 'conversation.item.added' || type === 'conversation.item.done')
      this.#messages = this.#messages.filter((message) => message.item.id !== item?.id);
  }

  /** The session is lost, and with it whatever was not confirmed. @returns {string[]} the ids that wait again */
  lose() {
    for (const message of this.#messages) message.sent = false;
    return this.#messages.map(({ item }) => item.id);
  }

  /** Gives all of it back to whoever wrote it. */
  withdraw() {
    return this.#messages.splice(0);
  }
}
