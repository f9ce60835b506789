/** The speaker: plays answers through the playback worklet, and tells how much of each was heard. */
import { keepRunning, openAudioContext } from './audio-context.js';
import { framesToMs } from './pcm.js';
import { RemoteSound } from './remote-sound.js';

const PLAYBACK_WORKLET = new URL('../worklets/playback.js', import.meta.url);
const FLUSH_TIMEOUT_MS = 250; // a suspended audio thread may never answer

/**
 * @typedef {object} Report what the audio thread says it has played, in frames of 24 kHz
 * @property {string} itemId the answer being played, '' when there is none
 * @property {number} contentIndex
 * @property {number} itemPlayedFrames
 * @property {number} started how many answers have begun
 * @property {number} startedTime when the last of them did, in context seconds
 * @property {boolean} playing false while the store is dry or filling
 * @property {number} receivedFrames how much has reached the audio thread
 * @property {number} playedFrames
 * @property {number} queuedFrames
 * @property {number} depthFrames
 * @property {number} underruns
 * @property {number} droppedFrames
 */

/**
 * An answer that was cut off.
 *
 * @typedef {{itemId: string, contentIndex: number, playedMs: number, receivedMs: number}} Cut
 */

/** @type {Report} */
const NOTHING_PLAYED = {
  itemId: '',
  contentIndex: 0,
  itemPlayedFrames: 0,
  started: 0,
  startedTime: 0,
  playing: false,
  receivedFrames: 0,
  playedFrames: 0,
  queuedFrames: 0,
  depthFrames: 0,
  underruns: 0,
  droppedFrames: 0,
};

/**
 * Plays answers, and knows to the sample what was played of each; or what the other end of a call plays, which knows.
 *
 * Events: `started` (detail `{itemId, heardAtMs}`, `heardAtMs` on `performance.now()`'s clock, when the first
 * sample leaves the device), `position` (detail `{itemId, playedMs}`, about every 50 ms), `finished` (detail
 * `{itemId}`, played to its end), `idle` (nothing left to play), `paused` (detail boolean: the audio
 * context), `remote` (detail `Int16Array`: 20 ms of a call's sound, valid only until the listener returns).
 */
export class Speaker extends EventTarget {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AudioWorkletNode | null} */
  #worklet = null;
  /** @type {GainNode | null} */
  #gain = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  #report = NOTHING_PLAYED;
  #volume = 1;
  #sinkId = '';
  #flushes = 0;
  #pushed = 0;
  /** @type {Map<number, (cut: Cut[]) => void>} */
  #flushing = new Map();
  /**
   * Answers given to the audio thread and not known to have been played to their end.
   *
   * @type {Map<string, Cut>}
   */
  #pending = new Map();
  /**
   * What the audio thread is to be told when it is there: an answer may come while its module is still loading.
   *
   * @type {[message: object, transfer: Transferable[]][]}
   */
  #early = [];
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {RemoteSound | null} */
  #remote = null;
  /** Whether the other end of the call plays an answer: its events tell. */
  remoteBusy = false;

  /** The last node before the device: connect it elsewhere to record what is played. Null while closed. */
  get output() {
    return this.#gain;
  }

  /** For a waveform; null while closed. */
  get analyser() {
    return this.#analyser;
  }

  /** Whether an answer is being played or waits to be. */
  get busy() {
    return this.#pending.size > 0 || this.remoteBusy;
  }

  /** Whether the browser holds the sound back: until there is a gesture, or while a call comes in. */
  get paused() {
    return this.#context !== null && this.#context.state !== 'running';
  }

  get volume() {
    return this.#volume;
  }

  /** 0 to 1; the scale is squared, since ears hear loudness so. */
  set volume(volume) {
    this.#volume = Math.min(1, Math.max(0, volume));
    if (this.#gain !== null && this.#context !== null) {
      this.#gain.gain.setTargetAtTime(this.#volume ** 2, this.#context.currentTime, 0.015);
    }
  }

  /** Opens the audio context; call it within a gesture. Calling it again does nothing. */
  async start() {
    if (this.#context !== null) return;
    const context = openAudioContext();
    this.#context = context;
    keepRunning(context, (paused) => this.dispatchEvent(new CustomEvent('paused', { detail: paused })));
    await context.audioWorklet.addModule(PLAYBACK_WORKLET);
    if (this.#context !== context) return; // closed while it loaded
    this.#connect(context);
    this.#attach();
    if (this.#sinkId !== '') await this.setDevice(this.#sinkId);
  }

  /**
   * @param {string} deviceId '' is the system's choice
   * @returns {Promise<boolean>} false where the browser cannot choose, or that device is gone
   */
  async setDevice(deviceId) {
    this.#sinkId = deviceId;
    if (this.#context === null) return true;
    if (!this.#context.setSinkId) return deviceId === '';
    return this.#context.setSinkId(deviceId).then(
      () => true,
      () => false,
    );
  }

  /**
   * Plays samples behind those already given. The array must be the only view of its buffer, which is handed
   * over.
   *
   * @param {string} itemId @param {number} contentIndex @param {Int16Array<ArrayBuffer>} samples 24 kHz
   */
  enqueue(itemId, contentIndex, samples) {
    if (this.#context === null || samples.length === 0) return;
    const key = pendingKey(itemId, contentIndex);
    const pending = this.#pending.get(key) ?? { itemId, contentIndex, playedMs: 0, receivedMs: 0 };
    pending.receivedMs += framesToMs(samples.length);
    this.#pending.set(key, pending);
    this.#pushed += samples.length;
    this.#post({ push: samples, itemId, contentIndex }, [samples.buffer]);
  }

  /**
   * Plays what the other end of a call plays, from when the speaker is open.
   *
   * @param {MediaStream | null} stream null ends that
   */
  playStream(stream) {
    this.#stream = stream;
    this.#remote?.close();
    this.#remote = null;
    this.remoteBusy = false;
    this.#attach();
  }

  /** Nothing is heard of the call's sound while it is hushed, as it is after `flush`. @param {boolean} hushed */
  hush(hushed) {
    this.#remote?.hush(hushed);
  }

  /**
   * Says that no more of this answer will come: running dry is then its end and no underrun.
   *
   * @param {string} itemId
   */
  end(itemId) {
    if (this.#context !== null) this.#post({ end: itemId });
  }

  /** Says that nothing more will come of any answer: what is here is played to its end. */
  endAll() {
    for (const { itemId } of this.#pending.values()) this.end(itemId);
  }

  /**
   * Falls silent at once and forgets what was not played.
   *
   * @returns {Promise<Cut[]>} the answers that were cut, the one being played first; what is cut later is not
   *   played
   */
  flush() {
    this.hush(true);
    this.remoteBusy = false;
    if (this.#pending.size === 0) return Promise.resolve([]);
    this.#flushes += 1;
    const id = this.#flushes;
    const known = [...this.#pending.values()];
    this.#pending.clear();
    if (this.#worklet === null) {
      this.#early = [];
      this.#pushed = 0;
      return Promise.resolve(known);
    }
    this.#post({ flush: id });
    return new Promise((resolve) => {
      this.#flushing.set(id, resolve);
      setTimeout(() => this.#flushed(id, known), FLUSH_TIMEOUT_MS);
    });
  }

  close() {
    this.playStream(null);
    this.#worklet?.port.postMessage({ stop: true });
    this.#context?.close().catch(() => {}); // closed already
    this.#context = this.#worklet = this.#gain = this.#analyser = null;
    this.#pending.clear();
    this.#early = [];
    this.#pushed = 0;
    this.#report = NOTHING_PLAYED;
  }

  /** Counters since `start`; times in milliseconds. */
  stats() {
    const report = this.#report;
    return {
      contextState: this.#context?.state ?? 'closed',
      sampleRate: this.#context?.sampleRate ?? 0,
      outputLatencyMs: this.#outputLatencyMs,
      busy: this.busy,
      playing: report.playing,
      itemId: report.itemId,
      itemPlayedMs: framesToMs(report.itemPlayedFrames),
      receivedFrames: this.#pushed,
      playedFrames: report.playedFrames,
      queuedMs: framesToMs(report.queuedFrames),
      jitterDepthMs: framesToMs(report.depthFrames),
      underruns: report.underruns,
      droppedFrames: report.droppedFrames,
      flushes: this.#flushes,
    };
  }

  /** @param {AudioContext} context */
  #connect(context) {
    this.#worklet = new AudioWorkletNode(context, 'realtime-playback', {
      numberOfInputs: 0,
      outputChannelCount: [1],
    });
    this.#worklet.port.onmessage = ({ data }) => {
      if ('flushed' in data) this.#flushed(data.flushed, data.cut.map(toCut));
      else this.#receive(data);
    };
    this.#gain = new GainNode(context, { gain: this.#volume ** 2 });
    this.#analyser = new AnalyserNode(context, { fftSize: 1024 });
    this.#worklet.connect(this.#analyser);
    this.#worklet.connect(this.#gain).connect(context.destination);
    for (const [message, transfer] of this.#early.splice(0)) this.#post(message, transfer);
  }

  /** @param {object} message @param {Transferable[]} transfer what is handed over */
  #post(message, transfer = []) {
    if (this.#worklet === null) this.#early.push([message, transfer]);
    else this.#worklet.port.postMessage(message, transfer);
  }

  #attach() {
    if (this.#stream === null || this.#context === null || this.#gain === null || this.#analyser === null) return;
    this.#remote = new RemoteSound(this.#stream, this.#context, [this.#gain, this.#analyser]);
    void this.#remote.listen((samples) => this.#tell('remote', samples));
  }

  /** From the worklet to the air, as far as the browser knows. */
  get #outputLatencyMs() {
    return 1000 * ((this.#context?.baseLatency ?? 0) + (this.#context?.outputLatency || 0));
  }

  /** What has left the worklet is heard only later. @param {number} id @param {Cut[]} cut the one being played first */
  #flushed(id, cut) {
    const [playing, ...waiting] = cut;
    const heardMs = playing === undefined ? 0 : Math.max(0, playing.playedMs - this.#outputLatencyMs);
    this.#flushing.get(id)?.(playing === undefined ? [] : [{ ...playing, playedMs: heardMs }, ...waiting]);
    this.#flushing.delete(id);
  }

  /** @param {Report} report */
  #receive(report) {
    const before = this.#report;
    this.#report = report;
    if (report.started !== before.started) this.#tellStarted(report);
    this.#settle(report);
    const pending = this.#pending.get(pendingKey(report.itemId, report.contentIndex));
    if (pending === undefined) return;
    pending.playedMs = framesToMs(report.itemPlayedFrames);
    this.#tell('position', { itemId: pending.itemId, playedMs: pending.playedMs });
  }

  /** @param {Report} report */
  #tellStarted({ itemId, startedTime }) {
    const { contextTime = 0, performanceTime = 0 } = this.#context?.getOutputTimestamp() ?? {};
    const known = performanceTime > 0;
    const heardAtMs = known ? performanceTime + (startedTime - contextTime) * 1000 : performance.now();
    this.#tell('started', { itemId, heardAtMs });
  }

  /**
   * Answers before the one being played have been played to their end; so have all, when there is none.
   *
   * @param {Report} report
   */
  #settle(report) {
    const current = pendingKey(report.itemId, report.contentIndex);
    if (report.itemId !== '' && !this.#pending.has(current)) return; // a report from before a flush
    if (report.itemId === '' && report.receivedFrames !== this.#pushed) return; // more is on its way
    for (const [key, { itemId }] of this.#pending) {
      if (key === current) return;
      this.#pending.delete(key);
      this.#tell('finished', { itemId });
    }
    if (report.itemId === '') this.dispatchEvent(new Event('idle'));
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {string} itemId @param {number} contentIndex */
function pendingKey(itemId, contentIndex) {
  return `${itemId}/${contentIndex}`;
}

/** @param {import('./playback-queue.js').Position} position @returns {Cut} */
function toCut({ itemId, contentIndex, playedFrames, receivedFrames }) {
  return { itemId, contentIndex, playedMs: framesToMs(playedFrames), receivedMs: framesToMs(receivedFrames) };
}
