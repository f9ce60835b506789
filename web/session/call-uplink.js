/** Which way what is said takes in a call: its track, or for a moment its channel, where it keeps its place among events. */
import { framesToMs, msToFrames } from '../audio/pcm.js';

/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */

/**
 * After a `clear`, for as long as the relay waits with it for sound that was spoken before it (200 ms): what the track
 * brings meanwhile goes with it.
 */
const BEHIND_MS = 240;
const KEPT_FRAMES = msToFrames(2_000); // for one message: a channel takes 256 KiB

export class CallUplink {
  #client;
  #call;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #muted = false;
  #open = false;
  #shut = false;
  #behindMs = 0;

  /** @param {RealtimeClient} client of a call */
  constructor(client) {
    this.#client = client;
    this.#call = /** @type {import('../protocol/call-socket.js').CallSocket} */ (client.call);
  }

  /** @param {boolean} muted */
  set muted(muted) {
    this.#muted = muted;
    this.#apply();
  }

  /** Another microphone, or none, speaks from now on. @param {MediaStreamTrack | null} track a clone of it is sent */
  setSource(track) {
    this.#track?.stop();
    this.#track = track?.clone() ?? null;
    this.#apply();
    void this.#call.setTrack(this.#track);
  }

  /**
   * Sends what was kept before there was a call, behind the silence that the other end has put in its place since the
   * call began: it counts its milliseconds from then.
   *
   * @param {Int16Array} kept @param {number} now on `performance.now()`'s clock
   * @returns {Int16Array[]} what the other end has had so far: that silence, and what was kept
   */
  begin(kept, now) {
    const silence = new Int16Array(msToFrames(Math.max(0, now - this.#call.connectedAt)));
    this.#client.countSpoken(silence);
    for (let start = 0; start < kept.length; start += KEPT_FRAMES)
      this.#client.appendAudio(kept.slice(start, start + KEPT_FRAMES));
    return [silence, kept];
  }

  /**
   * A moment has passed at the microphone.
   *
   * @param {Int16Array | null} samples to be said; null for nothing
   * @param {boolean} open whether they are the microphone's own, or silence in its place
   */
  take(samples, open) {
    this.#open = false;
    if (samples === null) this.#shut = true;
    else this.#say(samples, open);
    this.#apply();
  }

  close() {
    this.#track?.stop();
    this.#track = null;
  }

  /** @param {Int16Array} samples @param {boolean} open */
  #say(samples, open) {
    if (this.#shut) this.#behindMs = BEHIND_MS;
    this.#shut = false;
    const isBehind = this.#behindMs > 0;
    if (isBehind) this.#client.appendAudio(samples);
    else this.#client.countSpoken(samples);
    if (isBehind) this.#behindMs -= framesToMs(samples.length);
    this.#open = open && this.#behindMs <= 0;
  }

  #apply() {
    if (this.#track !== null) this.#track.enabled = this.#open && !this.#muted;
  }
}
