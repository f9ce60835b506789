/**
 * A WebSocket that outlives its connection, where the relay lets it: what was lost is said again, by both sides, and
 * whoever uses it sees one connection. How a client comes back is told in docs/memory.md.
 */

export const RESUME_PROTOCOL = 'relay.resume.v1';

/** The close code that browsers use for a connection that broke. */
const LOST = 1006;

/** So long nobody is told of a break. After that it is no blip, and whoever waits had better know. */
const BLIP_MS = 5_000;
const GRACE_MS = 30_000; // of a relay that says none
const ATTEMPT_MS = 3_500; // an attempt into a hole in the network is given up for another
const FIRST_DELAY_MS = 100;
const MOST_DELAY_MS = 800;

/** More than a minute of PCM16 in base64. */
const KEPT_BYTES = 4 * 1024 * 1024;

/**
 * Events: `open`, `message` and `close`, as a WebSocket's. It counts as open while it comes back; `away` tells that this
 * takes longer than a blip, or no longer does.
 */
export class ResumableSocket extends EventTarget {
  /** The subprotocol that the server chose at first. */
  protocol = '';
  /** As a WebSocket's. */
  readyState = 0;
  /** Whether there has been no connection for longer than a blip. */
  away = false;
  #dial;
  /** What is listened to; null while there is no connection. @type {WebSocket | null} */
  #socket;
  #token = '';
  #received = 0;
  /** @type {{data: string | ArrayBuffer, bytes: number}[]} what was sent last, the newest last */
  #kept = [];
  #keptBytes = 0;
  #sent = 0;
  /** Whether this connection is the session's: a new one is not, before it has said so. */
  #connected = true;
  #lostAt = 0;
  #graceMs = GRACE_MS;
  #attempts = 0;
  #delayMs = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #blip;

  /**
   * @param {WebSocket} first
   * @param {(protocols: string[]) => Promise<WebSocket>} dial opens another; told what to offer besides a credential
   */
  constructor(first, dial) {
    super();
    this.#dial = dial;
    this.#socket = this.#listen(first);
  }

  get bufferedAmount() {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** @param {string | ArrayBuffer} data */
  send(data) {
    const bytes = typeof data === 'string' ? data.length : data.byteLength;
    this.#sent += 1;
    this.#kept.push({ data, bytes });
    this.#keptBytes += bytes;
    while (this.#keptBytes > KEPT_BYTES) this.#keptBytes -= this.#kept.shift()?.bytes ?? 0;
    if (this.#connected && this.#socket?.readyState === 1) this.#socket.send(data); // else it is lost, and said again
  }

  /** @param {number} [code] @param {string} [reason] */
  close(code, reason) {
    this.#finish();
    this.#socket?.close(code, reason);
  }

  /**
   * Lets go of a connection over which nothing comes any more, and takes another.
   *
   * @returns {boolean} whether there can be another
   */
  renew() {
    if (this.readyState !== 1 || this.#token === '') return false;
    if (this.#connected) this.#lose();
    return true;
  }

  /** @param {WebSocket} socket */
  #listen(socket) {
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => this.#opened(socket));
    socket.addEventListener('message', (event) => this.#heard(socket, /** @type {MessageEvent} */ (event).data));
    socket.addEventListener('close', (event) => this.#closed(socket, /** @type {CloseEvent} */ (event)));
    return socket;
  }

  /** @param {WebSocket} socket */
  #opened(socket) {
    if (socket !== this.#socket || this.readyState !== 0) return;
    this.readyState = 1;
    this.protocol = socket.protocol;
    this.dispatchEvent(new Event('open'));
  }

  /** @param {WebSocket} socket @param {string | ArrayBuffer} data */
  #heard(socket, data) {
    if (socket !== this.#socket || this.readyState === 3) return;
    const own = relayEvent(data);
    if (own?.type === 'relay.resumable') {
      this.#token = own.token; // nobody else's business
      if (own.grace_s > 0) this.#graceMs = own.grace_s * 1000;
      return;
    }
    if (own?.type === 'relay.resumed' && !this.#connected) this.#resume(own);
    if (!this.#connected) return;
    if (own === null) this.#received += 1;
    this.dispatchEvent(new MessageEvent('message', { data }));
  }

  /** @param {{recovered: boolean, received: number}} told */
  #resume({ recovered, received }) {
    const missed = this.#sent - received;
    if (!recovered || missed > this.#kept.length) {
      this.#giveUp();
      return;
    }
    clearTimeout(this.#timer);
    clearTimeout(this.#blip);
    this.#connected = true;
    this.#setAway(false);
    for (const { data } of this.#kept.slice(this.#kept.length - missed)) this.#socket?.send(data);
  }

  /** @param {WebSocket} socket @param {{code: number, reason: string}} ending */
  #closed(socket, { code, reason }) {
    if (socket !== this.#socket || this.readyState === 3) return;
    if (code === LOST && this.#token !== '') {
      if (this.#connected) this.#lose();
      else this.#retryLater();
    } else if (this.#connected) this.#end(code, reason);
    else this.#giveUp(); // it was refused: the next session will say why
  }

  #lose() {
    this.#connected = false;
    this.#drop();
    this.#lostAt = performance.now();
    this.#blip = setTimeout(() => this.#setAway(true), BLIP_MS);
    this.#delayMs = 0;
    this.#retryLater();
  }

  #retryLater() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#retry(), this.#delayMs);
    this.#delayMs = Math.min(MOST_DELAY_MS, Math.max(FIRST_DELAY_MS, this.#delayMs * 2));
  }

  async #retry() {
    this.#drop();
    if (performance.now() - this.#lostAt > this.#graceMs) {
      this.#giveUp();
      return;
    }
    this.#timer = setTimeout(() => void this.#retry(), ATTEMPT_MS);
    this.#attempts += 1;
    const attempt = this.#attempts;
    const socket = await this.#dial([`${RESUME_PROTOCOL}.${this.#token}.${this.#received}`]).catch(() => null);
    if (this.readyState === 3 || attempt !== this.#attempts) socket?.close();
    else if (socket !== null) this.#socket = this.#listen(socket);
  }

  /** @param {boolean} away */
  #setAway(away) {
    if (away === this.away) return;
    this.away = away;
    this.dispatchEvent(new Event('away'));
  }

  #drop() {
    const old = this.#socket;
    this.#socket = null;
    old?.close();
  }

  /** There is no way back to the session. */
  #giveUp() {
    this.#end(LOST, '');
    this.#drop();
  }

  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    this.#finish();
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason }));
  }

  #finish() {
    this.readyState = 3;
    clearTimeout(this.#timer);
    clearTimeout(this.#blip);
    this.#kept = [];
  }
}

/** @param {string | ArrayBuffer} data @returns {any} an event of the relay's own, which has no number; else null */
function relayEvent(data) {
  if (typeof data !== 'string' || !data.includes('"relay.')) return null;
  try {
    const event = JSON.parse(data);
    return String(event?.type).startsWith('relay.') ? event : null;
  } catch {
    return null;
  }
}
