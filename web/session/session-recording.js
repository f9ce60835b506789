/**
 * One session written down as the relay does it (`docs/recordings.md`): `relay inspect` and `relay replay` read it.
 *
 * It holds what this page sent and got, where the relay's own recording holds what the upstream got and sent. The
 * relay's own events are left out, and so is whatever stands under a name that credentials have.
 */
import { bytesToBase64, msToFrames } from '../audio/pcm.js';
import { SoundTrack } from '../audio/sound-track.js';
import { stereoWav } from '../audio/wav.js';
import { SessionSound } from '../protocol/session-sound.js';

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

const FORMAT = 'realtime-relay-recording';
const VERSION = 1;
const SECRET = new Set(['authorization', 'headers', 'api_key', 'access_token', 'client_secret']);
const APPEND = 'input_audio_buffer.append';
const DELTA = 'response.output_audio.delta';

/**
 * @typedef {object} Line
 * @property {number} at seconds since the session began
 * @property {'up' | 'down'} dir
 * @property {number} after how many of our messages had gone up before
 * @property {RealtimeEvent} event without its sound
 * @property {Int16Array | null} samples
 */

export class SessionRecording {
  #begunAt;
  #profile;
  #mostBytes;
  /** @type {Line[]} */
  #lines = [];
  #sent = 0;
  #bytes = 0;
  /** @type {RealtimeEvent} the event of the sound that comes next */
  #delta = { type: DELTA };
  /** @type {Record<string, unknown> | null} the last line */
  #last = null;
  #startedAt;

  /**
   * @param {object} options
   * @param {number} options.now milliseconds
   * @param {Date} options.startedAt
   * @param {string} options.profile
   * @param {number} options.mostBytes of samples, at which it stops
   */
  constructor({ now, startedAt, profile, mostBytes }) {
    this.#begunAt = now;
    this.#startedAt = startedAt;
    this.#profile = profile;
    this.#mostBytes = mostBytes;
  }

  /** Whether it takes no more: the session has ended, or there is no room. */
  get over() {
    return this.#last !== null;
  }

  /** How long it is, in milliseconds. */
  get lengthMs() {
    return 1000 * (this.#lines.at(-1)?.at ?? 0);
  }

  /** @param {RealtimeEvent} event that was sent @param {number} now */
  sent(event, now) {
    this.#add('up', redact(event), null, now);
  }

  /** @param {Int16Array} samples that were sent, copied @param {number} now */
  sentAudio(samples, now) {
    this.#add('up', { type: APPEND }, samples.slice(), now);
  }

  /** @param {RealtimeEvent} event that came; where it is sound, its samples are said apart @param {number} now */
  received(event, now) {
    if (event.type.startsWith('relay.')) return;
    if (event.type === DELTA) this.#delta = event;
    else this.#add('down', redact(event), null, now);
  }

  /** @param {Int16Array} samples of the event that came last, copied @param {number} now */
  receivedAudio(samples, now) {
    this.#add('down', this.#delta, samples.slice(), now);
  }

  /** The session has ended, by us or under us. @param {boolean} byUs @param {number} now */
  end(byUs, now) {
    if (this.over) return;
    const [peer, upstream] = byUs ? ['peer', 'relay'] : ['relay', 'upstream'];
    const code = byUs ? 1000 : 1006;
    this.#last = {
      at: this.#at(now),
      end: byUs ? 'peer_closed' : 'upstream_lost',
      after: this.#sent,
      peer: { code, reason: '', by: peer },
      upstream: { code, reason: '', by: upstream },
    };
  }

  /** The file's lines, each with its line feed. */
  *toLines() {
    yield line(this.#header());
    const sounds = { up: new SessionSound(), down: new SessionSound() };
    for (const { at, dir, after, event, samples } of this.#lines) {
      if (event.type === 'session.created' || event.type === 'session.updated')
        learnFormats(sounds, event.session ?? {});
      const bytes = samples === null ? null : sounds[dir].encode(samples);
      const sound = bytes === null ? {} : { [dir === 'up' ? 'audio' : 'delta']: bytesToBase64(bytes) };
      yield line({ at, dir, after, op: 'text', data: JSON.stringify({ ...event, ...sound }) });
    }
    if (this.#last !== null) yield line(this.#last);
  }

  /** Both voices as a WAV file: this side left, the other right, each as it could be heard. */
  toWav() {
    const [left, right] = [new SoundTrack(), new SoundTrack()];
    for (const { at, dir, event, samples } of this.#lines) {
      const frame = msToFrames(at * 1000);
      if (samples !== null && dir === 'up') left.add(frame - samples.length, samples);
      else if (samples !== null) right.add(frame, samples, event.item_id);
      else if (event.type === 'conversation.item.truncate') right.cut(event.item_id, msToFrames(event.audio_end_ms));
    }
    return stereoWav(left.toSamples(), right.toSamples());
  }

  /** @param {'up' | 'down'} dir @param {RealtimeEvent} event @param {Int16Array | null} samples @param {number} now */
  #add(dir, event, samples, now) {
    if (this.over) return;
    this.#bytes += samples?.byteLength ?? 0;
    if (this.#bytes > this.#mostBytes) {
      this.#last = { at: this.#at(now), stopped: 'max_bytes' };
      return;
    }
    this.#lines.push({ at: this.#at(now), dir, after: this.#sent, event, samples });
    if (dir === 'up') this.#sent += 1;
  }

  /** @param {number} now */
  #at(now) {
    return Math.round((now - this.#begunAt) * 1000) / 1e6;
  }

  #header() {
    const created = this.#lines.find(({ event }) => event.type === 'session.created')?.event.session;
    return {
      format: FORMAT,
      version: VERSION,
      session_id: created?.id ?? 'page',
      started_at: this.#startedAt.toISOString(),
      model: created?.model ?? null,
      profile: this.#profile,
      relay: 'voice page',
      handshake: { status: 101, subprotocol: null },
      audio: 'full',
      instructions: 'kept',
    };
  }
}

/**
 * Samples are kept as this page has them, and written as the session has them.
 *
 * @param {{up: SessionSound, down: SessionSound}} sounds @param {Record<string, any>} session
 */
function learnFormats({ up, down }, session) {
  up.learn(session);
  const format = session.audio?.output?.format;
  down.learn({ audio: { input: { format } }, input_audio_format: session.output_audio_format });
}

/** @param {object} body */
function line(body) {
  return `${JSON.stringify(body)}\n`;
}

/** A copy in which nothing stands under a name that credentials have. @param {any} value @returns {any} */
function redact(value) {
  if (Array.isArray(value)) return value.map(redact);
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(value);
  return Object.fromEntries(
    fields.map(([name, inner]) => [name, SECRET.has(name) && inner !== null ? '[redacted]' : redact(inner)]),
  );
}
