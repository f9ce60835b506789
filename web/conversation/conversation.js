/**
 * Builds the turns of a conversation from server events. It knows no page, no sound and no clock.
 */

import { CallTurns } from './call-turns.js';
import { expireApproval, isCall, resultOf } from './calls.js';
import { OutOfBand } from './out-of-band.js';
import { cancel, failureOf, incompletenessOf } from './response-endings.js';
import { TranslationTurns } from './translation-turns.js';
import { TurnCosts } from './turn-costs.js';
import { TurnList, touch } from './turn-list.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

/** @typedef {import('./turn-list.js').Turn} Turn */

const MOST_TURNS = 500;

export class Conversation {
  #list = new TurnList(MOST_TURNS);
  #calls = new CallTurns(this.#list);
  #costs = new TurnCosts();
  #translation = new TranslationTurns();
  #outOfBand = new OutOfBand();
  #transcribes = false;
  #noticeCount = 0;
  /** @type {Set<string>} turns of sessions that have ended: nothing new belongs between them */
  #past = new Set();
  /** @type {Set<string>} items in which nobody spoke: a session that waited took its silence for a turn */
  #silent = new Set();
  /** @type {Set<string>} answers of whose sound more may come */
  #sounding = new Set();

  /** Oldest first. At most 500: older ones are dropped. */
  get turns() {
    return this.#list.all;
  }

  /** How many were dropped. */
  get droppedTurns() {
    return this.#list.dropped;
  }

  /**
   * Takes in any server event; those that say nothing about the conversation change nothing, nor do answers
   * outside it.
   *
   * @param {RealtimeEvent} event
   */
  apply(event) {
    if (!this.#outOfBand.takes(event)) this.#rules.get(event.type)?.(event);
    this.#charge(this.#costs.apply(event));
    this.#translate(this.#translation.apply(event));
  }

  /**
   * Adds a turn that the visitor typed, before it is sent.
   *
   * @param {string} id
   * @param {string} text
   * @param {string[]} images
   */
  addTyped(id, text, images) {
    const turn = this.#list.obtain(id, 'user');
    Object.assign(turn, { text, images, final: true, waiting: true });
    touch(turn);
  }

  /** Says whether a typed turn still waits to be sent. @param {string} id @param {boolean} waiting */
  setWaiting(id, waiting) {
    const turn = this.#list.get(id);
    if (turn === undefined || turn.waiting === waiting) return;
    turn.waiting = waiting;
    touch(turn);
  }

  /** Takes a typed turn back. @param {string} id */
  withdraw(id) {
    this.#list.remove(id);
  }

  /** Writes a call's result, or what was decided about it. @param {any} item as it is sent, or comes */
  answerCall(item) {
    this.#calls.answer(item);
  }

  /** Adds a line that nobody said. @param {string} text */
  addNotice(text) {
    this.#noticeCount += 1;
    const turn = this.#list.obtain(`notice_${this.#noticeCount}`, 'notice');
    Object.assign(turn, { text, final: true });
  }

  /** Sound of an answer has come, and will be played. @param {string} id @param {number} ms */
  receivedAudio(id, ms) {
    const turn = this.#list.obtain(id, 'assistant');
    turn.spoken = true;
    turn.audioMs += ms;
    turn.heardMs ??= 0;
    this.#sounding.add(id);
  }

  /** @param {string} id @param {number} ms how much of its sound was heard so far */
  heard(id, ms) {
    const turn = this.#list.get(id);
    if (turn === undefined || turn.cut) return;
    turn.heardMs = ms;
    touch(turn);
  }

  /** All of its sound was heard. @param {string} id */
  heardAll(id) {
    const turn = this.#list.get(id);
    if (turn === undefined || turn.cut) return;
    turn.heardMs = null;
    touch(turn);
  }

  /** It was interrupted. @param {string} id @param {number} heardMs how much of its sound had been heard */
  cut(id, heardMs) {
    const turn = this.#list.get(id);
    if (turn === undefined) return;
    Object.assign(turn, { cut: true, heardMs, final: true });
    touch(turn);
  }

  /** Ends all turns that were under way, when their session has ended. @param {string} [why] of an answer, why it is not whole */
  settle(why = '') {
    for (const turn of this.#list.all) {
      if (expireApproval(turn)) touch(turn);
      if (this.#sounding.has(turn.id)) turn.lost = true;
      if (turn.final) continue;
      turn.final = true;
      if (turn.role === 'assistant' && !isEmpty(turn)) turn.problem = why;
      touch(turn);
      if (isEmpty(turn)) this.#list.remove(turn.id);
    }
    this.#sounding.clear();
    this.#past = new Set(this.#list.all.map(({ id }) => id));
  }

  /** @returns {() => void} brings back what was cleared, before what has been said since */
  clear() {
    return this.#list.clear();
  }

  /**
   * By type; a map, since the other side chooses the type.
   *
   * @type {Map<string, (event: RealtimeEvent) => void>}
   */
  #rules = new Map(
    Object.entries(
      /** @type {Record<string, (event: RealtimeEvent) => void>} */ ({
        'session.created': (event) => this.#learn(event.session),
        'session.updated': (event) => this.#learn(event.session),
        'input_audio_buffer.speech_started': ({ item_id }) => this.#expectSpeech(item_id),
        'input_audio_buffer.committed': ({ item_id, previous_item_id }) => {
          if (this.#silent.has(item_id)) return;
          this.#place(this.#expectSpeech(item_id), previous_item_id);
          if (!this.#transcribes) this.#finish(item_id);
        },
        'input_audio_buffer.timeout_triggered': ({ item_id }) => this.#takeForSilence(item_id),
        'input_audio_buffer.cleared': () => this.#forgetUnsaid(),
        'conversation.item.added': (event) => this.#take(event.item, event.previous_item_id),
        'conversation.item.done': (event) => this.#take(event.item, event.previous_item_id),
        'conversation.item.deleted': ({ item_id }) => this.#list.remove(item_id),
        'conversation.item.input_audio_transcription.delta': ({ item_id, delta }) =>
          this.#append(item_id, 'user', delta),
        'conversation.item.input_audio_transcription.updated': ({ item_id, transcript }) =>
          this.#write(item_id, 'user', transcript),
        'conversation.item.input_audio_transcription.completed': ({ item_id, transcript }) => {
          this.#write(item_id, 'user', transcript);
          this.#finish(item_id);
        },
        'conversation.item.input_audio_transcription.failed': ({ item_id, error }) => {
          this.#list.obtain(item_id, 'user').problem =
            `not transcribed: ${error?.message ?? 'no reason was given'}`;
          this.#finish(item_id);
        },
        'response.output_item.added': (event) => this.#take(event.item),
        'response.output_audio_transcript.delta': ({ item_id, delta }) => {
          this.#append(item_id, 'assistant', delta);
          this.#speak(item_id);
        },
        'response.output_audio.done': ({ item_id }) => this.#sounding.delete(item_id),
        'response.output_audio_transcript.done': ({ item_id, transcript }) =>
          this.#complete(item_id, transcript),
        'response.output_text.delta': ({ item_id, delta }) => this.#append(item_id, 'assistant', delta),
        'response.output_text.done': ({ item_id, text }) => this.#complete(item_id, text),
        'response.function_call_arguments.delta': (event) => this.#calls.extend(event),
        'response.mcp_call_arguments.delta': (event) => this.#calls.extend(event),
        'response.mcp_call.failed': (event) => this.#calls.fail(event),
        'mcp_list_tools.failed': ({ item_id }) => this.addNotice(this.#calls.missTools(item_id)),
        'response.output_item.done': (event) => this.#take(event.item),
        'response.done': ({ response }) => this.#finishResponse(response),
      }),
    ),
  );

  /** @param {any} session */
  #learn(session) {
    this.#transcribes = Boolean(session?.audio?.input?.transcription);
  }

  /** @param {string} id */
  #expectSpeech(id) {
    const turn = this.#list.obtain(id, 'user');
    turn.spoken = true;
    return turn;
  }

  /** @param {Turn} turn @param {string | null | undefined} previousId */
  #place(turn, previousId) {
    if (!this.#past.has(previousId ?? '')) this.#list.placeAfter(turn, previousId);
  }

  /** @param {any} item @param {string | null} [previousId] */
  #take(item, previousId) {
    if (this.#past.has(item?.id)) return; // what a new session is told of an old one
    if (isCall(item)) this.#calls.take(item);
    else if (item?.type === 'mcp_list_tools') this.#calls.expectTools(item);
    else if (resultOf(item) !== null) this.answerCall(item);
    else if (item?.type === 'message' && item.role !== 'system' && !this.#silent.has(item.id))
      this.#place(this.#takeMessage(item), previousId);
  }

  /** @param {any} item @returns {Turn} */
  #takeMessage(item) {
    const turn = this.#list.obtain(item.id, item.role);
    const parts = item.content ?? [];
    const text = parts
      .map((/** @type {any} */ part) => part.text ?? part.transcript ?? '')
      .join(' ')
      .trim();
    if (text !== '') turn.text = text;
    if (item.role === 'user') this.#takeUserParts(turn, parts);
    touch(turn);
    return turn;
  }

  /** @param {Turn} turn @param {any[]} parts */
  #takeUserParts(turn, parts) {
    const images = parts
      .filter((part) => part.type === 'input_image' && part.image_url)
      .map((part) => part.image_url);
    if (images.length > 0) turn.images = images;
    turn.spoken ||= parts.some((part) => part.type === 'input_audio');
    if (!turn.spoken) turn.final = true;
  }

  /** @param {string} id */
  #takeForSilence(id) {
    this.#silent.add(id);
    if (this.#list.get(id)?.text === '') this.#list.remove(id);
  }

  /** @param {string} id @param {Turn['role']} role @param {string} [delta] */
  #append(id, role, delta = '') {
    if (delta === '') return;
    const turn = this.#list.obtain(id, role);
    turn.text += delta;
    touch(turn);
  }

  /** @param {string} id of an answer whose sound comes, or has come */
  #speak(id) {
    const turn = this.#list.get(id);
    if (turn !== undefined) turn.spoken = true;
  }

  /** @param {string} id @param {Turn['role']} role @param {string} [text] */
  #write(id, role, text = '') {
    if (text.trim() === '' && this.#silent.has(id)) return;
    const turn = this.#list.obtain(id, role);
    turn.text = text.trim();
    touch(turn);
  }

  /** @param {string} id @param {string} [text] */
  #complete(id, text) {
    const turn = this.#list.obtain(id, 'assistant');
    if (text && text.length >= turn.text.length) turn.text = text;
    this.#finish(id);
  }

  /** @param {string} id */
  #finish(id) {
    const turn = this.#list.get(id);
    if (turn === undefined) return;
    turn.final = true;
    touch(turn);
  }

  /** @param {any} response */
  #finishResponse(response) {
    for (const item of response?.output ?? []) this.#finishItem(item, response);
    if (response?.status === 'failed') this.addNotice(`The answer failed: ${failureOf(response)}`);
    const told = response?.output?.some((/** @type {any} */ item) => this.#list.get(item.id) !== undefined);
    if (response?.status === 'incomplete' && !told) this.addNotice(`The answer ${incompletenessOf(response)}.`);
  }

  /** @param {any} item @param {any} response */
  #finishItem(item, response) {
    const turn = this.#list.get(item.id);
    if (turn === undefined) return;
    turn.final = true;
    this.#sounding.delete(item.id);
    if (response.status === 'cancelled') cancel(turn);
    if (response.status === 'incomplete') turn.problem = incompletenessOf(response);
    touch(turn);
    if (isEmpty(turn)) this.#list.remove(turn.id);
  }

  /** @param {ReturnType<TranslationTurns['apply']>} words */
  #translate(words) {
    if (words === null) return;
    this.#finish(words.closed);
    this.#append(words.id, words.role, words.delta);
  }

  /** @param {{itemId: string, usd: number} | null} charge */
  #charge(charge) {
    const turn = this.#list.get(charge?.itemId ?? '');
    if (charge === null || turn === undefined) return;
    turn.costUsd += charge.usd;
    touch(turn);
  }

  #forgetUnsaid() {
    for (const turn of this.#list.all)
      if (turn.role === 'user' && !turn.final && turn.text === '') this.#list.remove(turn.id);
  }
}

/** Whether there is nothing to see. @param {Turn} turn */
function isEmpty(turn) {
  return (
    turn.text === '' &&
    turn.images.length === 0 &&
    turn.call === null &&
    turn.problem === '' &&
    turn.role !== 'user'
  );
}
