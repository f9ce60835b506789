/** A visitor's camera or screen in a call: opened, sent, and what the model has been shown of it. */

/** @typedef {import('../protocol/realtime-client.js').RealtimeClient} RealtimeClient */
/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */
/** @typedef {'camera' | 'screen'} VideoSource */

const FRAMES_PER_S = 5; // single pictures are shown: more would cost the relay, and nobody saw it
const PICTURE = /^pic_/; // what the relay's items are called
const REFUSED = /^relay_picture/;

/** What a browser's refusal means to a visitor. @type {Record<string, string>} */
const CAMERA_PROBLEMS = {
  NotAllowedError: 'This page may not use the camera. Allow it in the browser’s address bar, and press Camera again.',
  NotFoundError: 'No camera was found. Connect one, and press Camera again.',
  NotReadableError: 'The camera is in use by another program. Close that, and press Camera again.',
};

/**
 * Events: `change`, and `notice` (detail: a sentence worth showing for a moment).
 */
export class CallVideo extends EventTarget {
  /** How many pictures the model was shown in this session. */
  shown = 0;
  /** The picture that it was shown last, a data URI; '' before. */
  latest = '';
  /** How many tokens the pictures were in the last answer, as the model counts; 0 where nobody tells. */
  tokens = 0;
  /** Whether the model has refused a picture, so that it is shown no more. */
  refused = false;
  #devices;
  /** @type {import('../protocol/call-socket.js').CallSocket | null} */
  #call = null;
  /** @type {MediaStream | null} */
  #stream = null;
  /** @type {VideoSource | null} */
  #source = null;
  #wish = {};

  /** @param {Pick<MediaDevices, 'getUserMedia' | 'getDisplayMedia'> | undefined} [devices] */
  constructor(devices = globalThis.navigator?.mediaDevices) {
    super();
    this.#devices = devices;
  }

  /** How a camera or screen would be shown in this session; null where it would not. */
  get watching() {
    return this.#call?.watching ?? null;
  }

  /** What is on. */
  get source() {
    return this.#source;
  }

  /** What is on, to be looked at. */
  get stream() {
    return this.#stream;
  }

  /** Whether this browser can share a screen: phones do not. */
  get hasScreens() {
    return typeof this.#devices?.getDisplayMedia === 'function';
  }

  /**
   * Asks the visitor for the camera or a screen, and shows it in place of what is on. Call it within a gesture.
   *
   * @param {VideoSource} source
   */
  async show(source) {
    const wish = (this.#wish = {}); // what is asked for later counts
    const stream = await this.#open(source).catch((/** @type {DOMException} */ error) => this.#explain(source, error));
    if (stream === null) return;
    if (this.#wish !== wish || this.watching === null) return stopTracks(stream);
    this.#replace(source, stream);
  }

  /** Shows nothing any more. */
  stop() {
    this.#wish = {};
    if (this.#stream !== null) this.#replace(null, null);
  }

  /** A session has begun, maybe in place of one that was lost: what was on is shown to it. @param {RealtimeClient} client */
  begin(client) {
    this.#call = client.call;
    Object.assign(this, { shown: 0, latest: '', tokens: 0, refused: false });
    if (this.#stream === null) return this.#tell('change');
    if (this.watching !== null) return this.#replace(this.#source, this.#stream);
    this.stop();
    this.#tell('notice', 'The new connection carries no camera and no screen: the model sees nothing any more.');
  }

  /** There is no session for now. */
  lose() {
    if (this.#call === null) return;
    this.#call = null;
    this.#tell('change');
  }

  /** @param {RealtimeEvent} event any server event */
  apply(event) {
    if (event.type === 'conversation.item.added' && PICTURE.test(event.item?.id)) this.#take(event.item);
    else if (event.type === 'error' && REFUSED.test(event.error?.event_id)) this.refused = true;
    else if (event.type === 'response.done')
      this.tokens = event.response?.usage?.input_token_details?.image_tokens ?? this.tokens;
  }

  /** @param {any} item */
  #take(item) {
    this.shown += 1;
    this.latest = item.content?.[0]?.image_url ?? '';
  }

  /** @param {VideoSource} source @returns {Promise<MediaStream>} */
  async #open(source) {
    const side = this.watching?.side ?? 640;
    const devices = /** @type {MediaDevices} */ (this.#devices);
    const least = { width: { ideal: side }, height: { ideal: (side * 3) / 4 }, frameRate: { ideal: FRAMES_PER_S } };
    if (source === 'camera') return devices.getUserMedia({ video: least });
    const most = { width: { max: side }, height: { max: side }, frameRate: { max: FRAMES_PER_S } };
    return devices.getDisplayMedia({ video: most });
  }

  /** @param {VideoSource} source @param {DOMException} error @returns {null} */
  #explain(source, error) {
    const isDeclined = source === 'screen' && error.name === 'NotAllowedError'; // the visitor has just done that
    const camera = CAMERA_PROBLEMS[error.name] ?? 'The camera could not be opened.';
    if (!isDeclined) this.#tell('notice', source === 'camera' ? camera : 'The screen could not be shared.');
    return null;
  }

  /** @param {VideoSource | null} source @param {MediaStream | null} stream */
  #replace(source, stream) {
    if (this.#stream !== stream) stopTracks(this.#stream);
    this.#source = source;
    this.#stream = stream;
    const track = stream?.getVideoTracks()[0] ?? null;
    if (track !== null) {
      track.contentHint = 'detail'; // rather sharp than smooth
      track.onended = () => this.#stream === stream && this.stop(); // the browser's own button, or it was unplugged
    }
    void this.#call?.setVideo(track);
    this.#tell('change');
  }

  /** @param {string} type @param {string} [detail] */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** @param {MediaStream | null} stream */
function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
