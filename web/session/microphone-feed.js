/**
 * Sends the microphone's chunks to the session, keeps them while there is none, says again what a lost session had not
 * taken in, and replaces a lost device.
 */
import { AudioBacklog } from '../audio/audio-backlog.js';
import { Microphone } from '../audio/microphone.js';
import { framesToMs, msToFrames } from '../audio/pcm.js';
import { CallUplink } from './call-uplink.js';
import { LighterSound } from './lighter-sound.js';
import { LineWatch } from './line-watch.js';
import { UnconfirmedSound } from './unconfirmed-sound.js';

const BACKLOG_MS = 30_000;
const HELD_TOGETHER = 10; // chunks for one message where the line is slow: each costs some seventy bytes beside its sound

/**
 * The way from the microphone to a session: kept while there is none, then sent in order.
 *
 * Events: `notice` (detail: a sentence worth showing for a moment), `line` (it has become slow, or no longer is) and
 * `failed` (detail `MicrophoneUnavailable`: it went away, and there is no other).
 */
export class MicrophoneFeed extends EventTarget {
  #microphone;
  #gate;
  #isOpen;
  #backlog = new AudioBacklog(msToFrames(BACKLOG_MS));
  #unconfirmed = new UnconfirmedSound();
  #line = new LineWatch();
  #lighter = new LighterSound();
  #wasSlow = false;
  /** @type {Int16Array[]} */
  #together = [];
  #saidAgainFrames = 0;
  #wanted = false;
  #muted = false;
  /** @type {import('../protocol/realtime-client.js').RealtimeClient | null} */
  #client = null;
  /** @type {CallUplink | null} */
  #uplink = null;

  /**
   * @param {Microphone} microphone
   * @param {(samples: Int16Array) => Int16Array | null} gate what to send of a chunk, null for nothing
   * @param {() => boolean} [isOpen] whether what the gate last gave was what was said, and not silence in its place
   */
  constructor(microphone, gate, isOpen = () => true) {
    super();
    this.#microphone = microphone;
    this.#gate = gate;
    this.#isOpen = isOpen;
    microphone.addEventListener('chunk', (event) => this.#take(/** @type {CustomEvent} */ (event).detail));
    microphone.addEventListener('ended', () => {
      this.#notice('The microphone went away. Trying another.');
      void this.#replace();
    });
    globalThis.navigator?.mediaDevices?.addEventListener('devicechange', () => {
      if (this.#wanted && !microphone.open) void this.#replace();
    });
    microphone.addEventListener('silenced', (event) => {
      if (/** @type {CustomEvent} */ (event).detail) this.#notice('Your system has muted the microphone.');
    });
  }

  get muted() {
    return this.#muted;
  }

  set muted(muted) {
    this.#muted = muted;
    this.#microphone.muted = muted;
    if (this.#uplink !== null) this.#uplink.muted = muted;
  }

  /**
   * Opens the microphone, or another in its place.
   *
   * @param {string} [deviceId] '' is the system's choice
   * @throws {import('../audio/microphone.js').MicrophoneUnavailable}
   */
  async open(deviceId) {
    this.#wanted = true;
    await this.#microphone.start(deviceId);
    this.#microphone.muted = this.#muted;
    if (!this.#wanted) this.#microphone.close(); // closed while the browser asked the visitor
    this.#uplink?.setSource(this.#microphone.track);
  }

  close() {
    this.#wanted = false;
    this.hold();
    this.#backlog.takeAll();
    this.#microphone.close();
  }

  /**
   * Sends what was kept, and from now on each chunk.
   *
   * @param {import('../protocol/realtime-client.js').RealtimeClient} client
   */
  streamTo(client) {
    this.#client = client;
    this.#line = new LineWatch();
    const kept = this.#backlog.takeAll();
    if (client.call === null) for (const chunk of kept) this.#send(client, chunk);
    else this.#speakOver(client, joined(kept));
  }

  /** Keeps chunks from now on, and those that a session would have taken with it: there is none to take them. */
  hold() {
    this.#client = null;
    this.#uplink?.close();
    this.#uplink = null;
    this.#lighter.lose();
    const again = this.#unconfirmed.takeAll();
    this.#saidAgainFrames += framesOf(again);
    for (const chunk of [...again, ...this.#together.splice(0)]) this.#backlog.add(chunk);
    this.#tellLine(false);
  }

  /** @param {import('../protocol/codecs.js').RealtimeEvent} event any server event */
  apply(event) {
    this.#line.heard();
    this.#unconfirmed.apply(event);
  }

  /** Whether what is said takes long to arrive, or does not. */
  get slow() {
    return this.#client !== null && this.#line.slow;
  }

  stats() {
    return {
      ...this.#microphone.stats(),
      backlogMs: framesToMs(this.#backlog.frames),
      lostMs: framesToMs(this.#backlog.droppedFrames),
      saidAgainMs: framesToMs(this.#saidAgainFrames),
      slow: this.slow,
      roundTripMs: this.#line.roundTripMs,
    };
  }

  /** @param {Int16Array} samples */
  #take(samples) {
    const chunk = this.#gate(samples);
    this.#uplink?.take(chunk, this.#isOpen());
    if (chunk === null) return;
    const client = this.#client;
    if (client === null) {
      this.#backlog.add(chunk);
      return;
    }
    if (this.#uplink === null) this.#sendTogether(client, chunk);
    else this.#unconfirmed.add(chunk);
    const verdict = this.#line.advance(framesToMs(chunk.length));
    if (verdict === 'probe') void this.#probe(client);
    if (verdict === 'dead') client.abandon();
    if (this.#line.labours && this.#uplink === null) void this.#lighten(client);
    this.#tellLine(this.slow);
  }

  /**
   * From now on the microphone's track is what is heard, after what was kept.
   *
   * @param {import('../protocol/realtime-client.js').RealtimeClient} client of a call @param {Int16Array} kept
   */
  #speakOver(client, kept) {
    const uplink = new CallUplink(client);
    this.#uplink = uplink;
    uplink.muted = this.#muted;
    for (const samples of uplink.begin(kept, performance.now())) this.#unconfirmed.add(samples);
    uplink.setSource(this.#microphone.track);
  }

  /**
   * Sends a chunk, together with the next ones where the line is slow.
   *
   * @param {import('../protocol/realtime-client.js').RealtimeClient} client @param {Int16Array} chunk
   */
  #sendTogether(client, chunk) {
    const last = !this.#lighter.pending && this.#together.length + 1 >= (this.slow ? HELD_TOGETHER : 1);
    if (!last) this.#together.push(chunk.slice());
    else this.#send(client, joined([...this.#together.splice(0), chunk]));
  }

  /** @param {import('../protocol/realtime-client.js').RealtimeClient} client @param {Int16Array} chunk */
  #send(client, chunk) {
    client.appendAudio(chunk);
    this.#unconfirmed.add(chunk);
  }

  /** @param {import('../protocol/realtime-client.js').RealtimeClient} client */
  async #lighten(client) {
    if (await this.#lighter.ask(client)) this.#notice('The network is slow: what you say goes as on a telephone now.');
  }

  /** @param {import('../protocol/realtime-client.js').RealtimeClient} client */
  async #probe(client) {
    const { position } = this.#unconfirmed;
    await client.probe();
    if (this.#client !== client) return;
    this.#line.answered();
    this.#unconfirmed.arrived(position);
    this.#tellLine(this.slow);
  }

  /** @param {boolean} slow */
  #tellLine(slow) {
    if (slow === this.#wasSlow) return;
    this.#wasSlow = slow;
    this.dispatchEvent(new Event('line'));
  }

  async #replace() {
    if (!this.#wanted) return;
    try {
      await this.open('');
    } catch (error) {
      this.dispatchEvent(new CustomEvent('failed', { detail: error }));
    }
  }

  /** @param {string} sentence */
  #notice(sentence) {
    this.dispatchEvent(new CustomEvent('notice', { detail: sentence }));
  }
}

/** @param {Int16Array[]} chunks */
function framesOf(chunks) {
  return chunks.reduce((frames, { length }) => frames + length, 0);
}

/** @param {Int16Array[]} chunks */
function joined(chunks) {
  if (chunks.length === 1) return chunks[0];
  const whole = new Int16Array(framesOf(chunks));
  let start = 0;
  for (const chunk of chunks) {
    whole.set(chunk, start);
    start += chunk.length;
  }
  return whole;
}
