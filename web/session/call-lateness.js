/**
 * Tells the relay how far behind what it sends this page is. The page falls silent by itself where it is interrupted, and
 * the relay cuts the conversation there, and not at what still waited in the browser.
 */
import { figuresOf } from '../protocol/call-socket.js';

/** @typedef {import('../protocol/call-socket.js').CallSocket} CallSocket */

const EVERY_MS = 500;
const WORTH_MS = 8; // below it nothing is told: a cut is as exact as a frame

export class CallLateness {
  /** @type {CallSocket | null} */
  #call = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  #delayS = 0;
  #samples = 0;
  #toldMs = -Infinity;

  /** A call has begun. @param {CallSocket} call */
  begin(call) {
    this.end();
    if (!call.byRelay) return; // nobody else knows the event
    this.#call = call;
    this.#delayS = this.#samples = 0;
    this.#toldMs = -Infinity;
    this.#timer = setInterval(() => void this.#measure(call), EVERY_MS);
  }

  /** It has ended. */
  end() {
    clearInterval(this.#timer);
    this.#call = null;
  }

  /** @param {CallSocket} call */
  async #measure(call) {
    const reports = await call.reports().catch(() => []);
    const bufferMs = this.#waitedMs(reports);
    if (this.#call !== call || bufferMs === null || Math.abs(bufferMs - this.#toldMs) < WORTH_MS) return;
    this.#toldMs = bufferMs;
    const roundTripMs = figuresOf(reports).roundTripMs ?? 0;
    const told = { buffer_ms: Math.round(bufferMs), round_trip_ms: Math.round(roundTripMs) };
    call.send(JSON.stringify({ type: 'relay.playout', ...told }));
  }

  /**
   * How long what was heard since the last time had waited in the jitter buffer.
   *
   * @param {any[]} reports @returns {number | null} null where the browser does not tell, or nothing came out of it
   */
  #waitedMs(reports) {
    const sound = reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
    const { jitterBufferDelay: delayS = 0, jitterBufferEmittedCount: samples = 0 } = sound ?? {};
    const [waitedS, count] = [delayS - this.#delayS, samples - this.#samples];
    [this.#delayS, this.#samples] = [delayS, samples];
    return count > 0 ? (1000 * waitedS) / count : null;
  }
}
