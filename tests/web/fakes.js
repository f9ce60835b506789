/** Stand-ins for what browsers have and Node has not, all of them ours. */

/** Lets what was promised happen. Nothing here waits longer than that. */
export function settle() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A WebSocket whose other end is the test. It opens, delivers and closes when it is told to. */
export class FakeWebSocket extends EventTarget {
  /** @type {FakeWebSocket[]} every one that was made, the newest last */
  static made = [];
  readyState = 0;
  protocol = '';
  bufferedAmount = 0;
  /** @type {any[]} what was sent, parsed */
  sent = [];
  /** @type {{code?: number, reason?: string} | null} how this side closed it */
  closed = null;

  constructor(url, protocols) {
    super();
    this.url = url;
    this.protocols = protocols;
    FakeWebSocket.made.push(this);
  }

  static get last() {
    return FakeWebSocket.made.at(-1);
  }

  open(protocol = '') {
    this.readyState = 1;
    this.protocol = protocol;
    this.dispatchEvent(new Event('open'));
  }

  send(data) {
    this.sent.push(typeof data === 'string' ? JSON.parse(data) : data);
  }

  close(code, reason) {
    this.readyState = 3;
    this.closed = { code, reason };
  }

  /** Delivers a message: an object as JSON, anything else as it is. */
  deliver(message) {
    const data = message?.constructor === Object ? JSON.stringify(message) : message;
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** The other side, or the network, ends it. */
  end(code = 1006, reason = '') {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }

  /** The types of what was sent. */
  get sentTypes() {
    return this.sent.map(({ type }) => type);
  }
}

/** A track that is sent: its clones are its own. */
export class FakeTrack {
  enabled = true;
  stopped = false;
  /** @type {FakeTrack[]} */
  clones = [];

  clone() {
    this.clones.push(new FakeTrack());
    return this.clones.at(-1);
  }

  stop() {
    this.stopped = true;
  }
}

/** A call whose other end is the test, in the shape of a `CallSocket`. */
export class FakeCall extends FakeWebSocket {
  remote = {};
  connectedAt = performance.now();
  /** @type {(FakeTrack | null)[]} */
  tracks = [];
  /** What watches; null for nobody. */
  watching = null;
  /** @type {(FakeTrack | null)[]} of cameras and screens */
  shown = [];

  constructor(url, ticket) {
    super(url, ticket);
    this.ticket = ticket;
  }

  setTrack(track) {
    this.tracks.push(track);
  }

  async setVideo(track) {
    this.shown.push(track);
  }

  /** Whether the relay answers it. */
  byRelay = false;
  /** What its browser counts. */
  counted = [];

  async reports() {
    return this.counted;
  }

  async measure() {
    return { roundTripMs: 7, jitterMs: 1, lostShare: 0, concealedShare: 0 };
  }
}

/** An `RTCPeerConnection` whose network is the test. */
export class FakePeerConnection extends EventTarget {
  /** @type {FakePeerConnection} */
  static last;
  connectionState = 'new';
  localDescription = null;
  remoteDescription = null;
  closed = false;
  tracks = [];
  shown = [];
  transceivers = [];
  channel = Object.assign(new EventTarget(), { bufferedAmount: 0, sent: [] });

  constructor() {
    super();
    FakePeerConnection.last = this;
    this.channel.send = (data) => this.channel.sent.push(data);
  }

  /** @type {'sendonly' | 'inactive'} what the other end makes of a camera */
  takes = 'sendonly';
  configuration = null;

  setConfiguration(configuration) {
    this.configuration = configuration;
  }

  addTransceiver(kind) {
    const tracks = kind === 'video' ? this.shown : this.tracks;
    const made = { currentDirection: null, sender: { replaceTrack: async (track) => void tracks.push(track) } };
    this.transceivers.push(made);
    return made;
  }

  createDataChannel(name) {
    this.channel.name = name;
    return this.channel;
  }

  async createOffer() {
    return { type: 'offer', sdp: 'v=0 offer' };
  }

  async setLocalDescription(description) {
    this.localDescription = description;
  }

  async setRemoteDescription(description) {
    this.remoteDescription = description;
    for (const made of this.transceivers) made.currentDirection = this.takes;
    this.dispatchEvent(Object.assign(new Event('track'), { streams: ['the sound'] }));
  }

  close() {
    this.closed = true;
  }

  /** The network is now so. */
  become(state) {
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
}

/** Timers that run when the test says how much time has passed. */
export class FakeTimers {
  #now = 0;
  #next = 1;
  #waiting = new Map();

  setTimeout = (run, ms) => {
    this.#waiting.set(this.#next, { run, at: this.#now + ms });
    return this.#next++;
  };

  clearTimeout = (timer) => {
    this.#waiting.delete(timer);
  };

  advance(ms) {
    this.#now += ms;
    for (const [timer, { run, at }] of [...this.#waiting]) {
      if (at > this.#now || !this.#waiting.delete(timer)) continue;
      run();
    }
  }
}

/** A speaker without sound. `cuts` is what `flush` will say was being heard. */
export class FakeSpeaker extends EventTarget {
  busy = false;
  paused = false;
  cuts = [];
  flushes = 0;
  enqueued = [];
  ended = [];
  endedAll = 0;
  closed = 0;
  output = {};
  failure = null;
  remoteBusy = false;
  streams = [];
  hushed = [];

  playStream(stream) {
    this.streams.push(stream);
    this.remoteBusy = false;
  }

  hush(hushed) {
    this.hushed.push(hushed);
  }

  async start() {
    if (this.failure !== null) throw this.failure;
  }

  close() {
    this.closed += 1;
  }

  enqueue(itemId, contentIndex, samples) {
    this.busy = true;
    this.enqueued.push({ itemId, contentIndex, frames: samples.length });
  }

  end(itemId) {
    this.ended.push(itemId);
  }

  endAll() {
    this.endedAll += 1;
  }

  async flush() {
    this.flushes += 1;
    this.busy = this.remoteBusy = false;
    return this.cuts.splice(0);
  }

  stats() {
    return { underruns: 0 };
  }
}

/** A microphone that says what the test says. */
export class FakeMicrophone extends EventTarget {
  track = new FakeTrack();
  open = false;
  muted = false;
  level = 0;
  failure = null;
  started = [];

  async start(deviceId = '') {
    this.started.push(deviceId);
    if (this.failure !== null) throw this.failure;
    this.open = true;
  }

  close() {
    this.open = false;
  }

  hear(samples) {
    this.dispatchEvent(new CustomEvent('chunk', { detail: samples }));
  }

  stats() {
    return { open: this.open };
  }
}

/** The audio thread's globals; gives the processors that modules register. */
export function installAudioThread(rate) {
  const processors = new Map();
  globalThis.sampleRate = rate;
  globalThis.currentTime = 0;
  globalThis.AudioWorkletProcessor = class {
    port = new FakePort();
  };
  globalThis.registerProcessor = (name, processor) => processors.set(name, processor);
  return processors;
}

/** One end of a message channel that delivers at once. */
export class FakePort {
  posted = [];
  onmessage = null;

  /** What was posted is copied, as the real one does, since the sender uses its objects again. */
  postMessage(message, transfer) {
    this.posted.push(structuredClone(message, { transfer: transfer ?? [] }));
  }

  receive(data) {
    this.onmessage({ data });
  }
}

/** A sine as 16-bit samples. */
export function tone(hertz, frames, rate = 24000, amplitude = 0.5) {
  return Int16Array.from({ length: frames }, (_, index) =>
    Math.round(32767 * amplitude * Math.sin((2 * Math.PI * hertz * index) / rate)),
  );
}

/** The amplitude of one frequency within samples. */
export function amplitudeAt(samples, hertz, rate) {
  let real = 0;
  let imaginary = 0;
  samples.forEach((sample, index) => {
    const angle = (2 * Math.PI * hertz * index) / rate;
    real += sample * Math.cos(angle);
    imaginary -= sample * Math.sin(angle);
  });
  return (2 * Math.hypot(real, imaginary)) / samples.length;
}
