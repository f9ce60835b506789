/**
 * A WebRTC call in the shape of a WebSocket: events over its data channel, and sound beside them. Who answers it plays
 * answers by the clock, and truncates what was not heard.
 */
import { callsUrl } from './addresses.js';
import { askForCalls } from './call-offer.js';

const CHANNEL = 'oai-events';
const LARGEST_BYTES = 256 * 1024; // above it browsers throw, or close the channel
const CONNECT_WITHIN_MS = 8_000;
const LOST = 1006;
/** @type {RTCRtpTransceiverInit} */
const VIDEO = { direction: 'sendonly', sendEncodings: [{ maxFramerate: 5 }] }; // single pictures are taken from it

/**
 * How a call's packets fare, as the browser counts them. Null is what it does not tell.
 *
 * @typedef {object} CallFigures
 * @property {number | null} roundTripMs
 * @property {number | null} jitterMs
 * @property {number | null} lostShare of the packets that should have come, 0 to 1
 * @property {number | null} concealedShare of the sound that was played, 0 to 1: made up in place of what was lost or late
 */

/**
 * Events: `open`, `message` (`data`) and `close` (`code`, `reason`), as a WebSocket has them. A refusal opens it for as
 * long as it takes to say why, which is how a relay tells a browser of one over a WebSocket.
 */
export class CallSocket extends EventTarget {
  readyState = 0;
  protocol = '';
  /** What the other end plays; null before it has answered. @type {MediaStream | null} */
  remote = null;
  /** When sound could first get through, on `performance.now()`'s clock; 0 before. */
  connectedAt = 0;
  #peer;
  #channel;
  #sender;
  /** @type {RTCRtpTransceiver | null} */
  #video = null;
  /** @type {import('./call-offer.js').Watching | null} */
  #watching = null;
  #byRelay = false;
  /** Where the call is, once it is answered. */
  #place = '';
  /** @type {Record<string, string>} */
  #credential;
  #request;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #deadline;
  #making = new AbortController();

  /**
   * @param {string} url of the relay's WebSocket; its calls are made below it
   * @param {string} ticket '' where none is asked for
   * @param {{PeerConnection?: typeof RTCPeerConnection, request?: typeof fetch}} [parts]
   */
  constructor(url, ticket, { PeerConnection = RTCPeerConnection, request = (...given) => fetch(...given) } = {}) {
    super();
    this.#request = request;
    this.#peer = new PeerConnection();
    this.#sender = this.#peer.addTransceiver('audio').sender; // its track comes when the visitor has allowed it
    this.#channel = this.#peer.createDataChannel(CHANNEL);
    this.#listen();
    this.#credential = ticket === '' ? {} : { Authorization: `Bearer ${ticket}` };
    void this.#make(callsUrl(url));
  }

  /** How the other end shows a camera or a screen to the model; null where nobody watches. */
  get watching() {
    return this.#video?.currentDirection === 'sendonly' ? this.#watching : null;
  }

  /** Whether the relay itself is the other end, and not the API. */
  get byRelay() {
    return this.#byRelay;
  }

  get bufferedAmount() {
    return this.#channel.bufferedAmount;
  }

  /** @param {string} data what is too large for a data channel is answered here, by an `error` event */
  send(data) {
    const { length } = new TextEncoder().encode(data);
    if (length <= LARGEST_BYTES) this.#channel.send(data);
    else this.#tellError(tooLarge(JSON.parse(data), length));
  }

  /** Hangs up. */
  close() {
    clearTimeout(this.#deadline);
    this.#making.abort();
    this.readyState = 3;
    this.#peer.close();
  }

  /** What is said from now on, or nothing. @param {MediaStreamTrack | null} track */
  setTrack(track) {
    return this.#sender.replaceTrack(track).catch(() => {}); // closed meanwhile
  }

  /** What the visitor's camera or screen shows from now on, or nothing. @param {MediaStreamTrack | null} track */
  async setVideo(track) {
    await this.#video?.sender.replaceTrack(track).catch(() => {}); // closed meanwhile
  }

  /** @returns {Promise<CallFigures>} */
  async measure() {
    return figuresOf(await this.reports());
  }

  /** What the browser counts of it. @returns {Promise<any[]>} */
  async reports() {
    return [.../** @type {Map<string, any>} */ (await this.#peer.getStats()).values()];
  }

  #listen() {
    const [peer, channel] = [this.#peer, this.#channel];
    peer.addEventListener('track', ({ streams: [stream], track }) => {
      this.remote = stream ?? new MediaStream([track]);
    });
    peer.addEventListener('connectionstatechange', () => {
      if (peer.connectionState === 'connected' && this.connectedAt === 0) this.connectedAt = performance.now();
      if (peer.connectionState === 'disconnected') void this.#findAnotherWay();
      if (peer.connectionState === 'failed') this.#fail();
    });
    channel.addEventListener('open', () => this.#open());
    channel.addEventListener('message', ({ data }) => this.#deliver(data));
    channel.addEventListener('close', () => this.#end(''));
  }

  /** @param {string} url */
  async #make(url) {
    try {
      await this.#prepare(await askForCalls(url, this.#credential, this.#request, this.#making.signal));
      const answer = await this.#offer('POST', url);
      const said = await answer.text();
      if (this.readyState === 3) return;
      if (!answer.ok) return void this.#refuse(errorIn(said, answer.status));
      this.#place = new URL(answer.headers.get('Location') ?? '', url).href;
      this.#deadline = setTimeout(() => this.#fail(), CONNECT_WITHIN_MS);
      await this.#peer.setRemoteDescription({ type: 'answer', sdp: said });
    } catch (error) {
      this.#end(String(error));
    }
  }

  /** @param {'POST' | 'PATCH'} method @param {string} url */
  #offer(method, url) {
    return this.#request(url, {
      method,
      signal: this.#making.signal,
      body: this.#peer.localDescription?.sdp ?? '',
      headers: { 'Content-Type': 'application/sdp', ...this.#credential },
    });
  }

  /**
   * Nothing comes any more, perhaps since the network is another one: offers anew, in the same call. Where that fails,
   * the old way may come back, and whoever waits for it knows how long.
   */
  async #findAnotherWay() {
    if (!this.#byRelay || this.readyState !== 1) return;
    try {
      await this.#peer.setLocalDescription(await this.#peer.createOffer({ iceRestart: true }));
      const answer = await this.#offer('PATCH', this.#place);
      const sdp = await answer.text();
      if (this.readyState !== 1) return;
      if (answer.ok) await this.#peer.setRemoteDescription({ type: 'answer', sdp });
      else await this.#peer.setLocalDescription({ type: 'rollback' });
    } catch {
      // closed meanwhile, or nobody is reached over HTTP either
    }
  }

  /** @param {import('./call-offer.js').CallOffer} offer */
  async #prepare({ iceServers, byRelay, video }) {
    if (iceServers.length > 0) this.#peer.setConfiguration({ iceServers });
    this.#watching = video;
    this.#byRelay = byRelay;
    if (video !== null) this.#video = this.#peer.addTransceiver('video', VIDEO);
    await this.#peer.setLocalDescription(await this.#peer.createOffer());
  }

  #open() {
    if (this.readyState !== 0) return;
    clearTimeout(this.#deadline);
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  /** Nothing gets through: before it was open that is a refusal of the network's. */
  #fail() {
    if (this.readyState !== 0) return this.#end('the network lets nothing through any more');
    this.#refuse({
      type: 'relay_error',
      code: 'call_not_connected',
      message: 'The relay answered the call, but its sound does not get through the network.',
    });
  }

  /** @param {Record<string, unknown>} error */
  #refuse(error) {
    if (this.readyState !== 0) return;
    this.#open();
    this.#tellError(error);
    this.#end('');
  }

  /** @param {Record<string, unknown>} error */
  #tellError(error) {
    this.#deliver(JSON.stringify({ type: 'error', event_id: 'page_call', error }));
  }

  /** @param {string} data */
  #deliver(data) {
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** @param {string} reason */
  #end(reason) {
    if (this.readyState === 3) return;
    this.close();
    this.dispatchEvent(Object.assign(new Event('close'), { code: LOST, reason }));
  }
}

/**
 * The error of a refusal's body. Where there is no such address nobody takes calls.
 *
 * @param {string} body @param {number} status
 * @returns {Record<string, unknown>}
 */
function errorIn(body, status) {
  try {
    const { error } = JSON.parse(body);
    if (typeof error?.code === 'string' || typeof error?.message === 'string') return error;
  } catch {
    // no JSON: not the relay's own words
  }
  const code = [404, 405, 501].includes(status) ? 'no_calls' : null;
  return { type: 'relay_error', code, message: `The call was answered with HTTP ${status}.` };
}

/** @param {{type?: string, event_id?: string}} event @param {number} bytes */
function tooLarge({ type, event_id: eventId }, bytes) {
  return {
    type: 'invalid_request_error',
    code: 'event_too_large',
    message: `${type} has ${Math.ceil(bytes / 1024)} KiB, and a call carries 256: a smaller picture goes, or the WebSocket.`,
    event_id: eventId,
  };
}

/** @param {any[]} reports of `RTCPeerConnection.getStats` @returns {CallFigures} */
export function figuresOf(reports) {
  const sound = reports.find(({ type, kind }) => type === 'inbound-rtp' && kind === 'audio');
  const pair = reports.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
  const due = (sound?.packetsReceived ?? 0) + Math.max(0, sound?.packetsLost ?? 0);
  return {
    roundTripMs: pair?.currentRoundTripTime === undefined ? null : 1000 * pair.currentRoundTripTime,
    jitterMs: sound?.jitter === undefined ? null : 1000 * sound.jitter,
    lostShare: due === 0 ? null : Math.max(0, sound.packetsLost ?? 0) / due,
    concealedShare: sound?.totalSamplesReceived > 0 ? (sound.concealedSamples ?? 0) / sound.totalSamplesReceived : null,
  };
}
