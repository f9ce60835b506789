/**
 * Explains to a visitor why a connection ended or a device failed: what happened, and what to do now.
 */
import { BY_CODE, BY_ERROR, MICROPHONE, UNKNOWN } from './ending-rows.js';

/**
 * @typedef {object} Ending
 * @property {number} code of the WebSocket's close; 1006 where the browser saw none
 * @property {string} reason of the close, often ''
 * @property {{type?: string, code?: string | null, message?: string} | null} error of the last `error` event
 *   that came shortly before
 * @property {boolean} opened whether the session had begun
 */

/** A connection that ended before its session began. `ending` says how. */
export class ConnectFailed extends Error {
  /** @param {Ending} ending @param {boolean} reached whether the other side was there at all */
  constructor(ending, reached) {
    super(ending.error?.message || ending.reason || 'the connection could not be opened');
    this.name = 'ConnectFailed';
    this.ending = ending;
    this.reached = reached;
  }
}

/**
 * @typedef {object} Advice
 * @property {string} title what happened
 * @property {string} advice what to do
 * @property {boolean} retry whether trying again by itself can help
 */

/**
 * @param {Ending} ending
 * @returns {Advice & {detail: string}} `detail` is what the other side said, in its own words, or ''
 */
export function explainEnding({ code, reason, error, opened }) {
  const row = BY_ERROR.get(error?.code ?? '') ?? BY_CODE[code] ?? UNKNOWN;
  return {
    title: row.title,
    advice: row.advice,
    retry: opened && (row.retry ?? false),
    detail: error?.message || reason,
  };
}

/**
 * @param {string} url
 * @returns {Advice & {detail: string}} for a connection that never opened, of which browsers tell nothing
 */
export function explainUnreachable(url) {
  return {
    title: `Nothing answers at ${hostOf(url)}.`,
    advice:
      'Check that the relay is running and that its address in the settings is right, then start again.',
    retry: false,
    detail: url,
  };
}

/**
 * @param {string} message of what went wrong
 * @returns {Advice & {detail: string}} for a page that could not get a ticket
 */
export function explainTicket(message) {
  return {
    title: 'This page could not get a ticket for the relay.',
    advice: 'Reload the page, then start again; if it stays, tell whoever runs it.',
    retry: false,
    detail: message,
  };
}

/**
 * @param {{reason: string, message: string}} failure a `MicrophoneUnavailable`
 * @returns {Advice & {detail: string}}
 */
export function explainMicrophone({ reason, message }) {
  const row = MICROPHONE[reason] ?? {
    title: 'The microphone could not be opened.',
    advice: 'Choose another in the settings, then start again. You can also type.',
  };
  return { title: row.title, advice: row.advice, retry: false, detail: message };
}

/** @param {string} message the browser's own @returns {Advice & {detail: string}} */
export function explainSpeaker(message) {
  return {
    title: 'This browser could not open its audio output.',
    advice: 'Close other programs that use sound, or use a current browser, then start again.',
    retry: false,
    detail: message,
  };
}

/** What an `error` event that ends nothing says. @param {import('./codecs.js').RealtimeEvent} event */
export function explainError({ error }) {
  return typeof error === 'string' ? error : (error?.message ?? 'The other side reported an error.');
}

/** @param {string} url */
function hostOf(url) {
  try {
    return new URL(url).host;
  } catch {
    return url;
  }
}
