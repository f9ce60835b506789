/**
 * A bounded log of client and server events, without their audio; runs of deltas and all signs of life are folded into one
 * entry each.
 */

/** @typedef {import('./codecs.js').RealtimeEvent} RealtimeEvent */

/**
 * @typedef {object} LogEntry
 * @property {number} id grows with each entry
 * @property {number} at milliseconds on `performance.now()`'s clock, of the first
 * @property {'up' | 'down'} direction up is from this page to the relay
 * @property {string} type
 * @property {number} count how many events it stands for
 * @property {number} audioMs how much sound they carried
 * @property {boolean} sign whether they only say that the line works
 * @property {RealtimeEvent} event the last of them, long strings cut short
 */

const MOST_ENTRIES = 1_000;
const LONGEST_STRING = 400;
const MICROPHONE = 'microphone';
const ASKED = 'asked for a sign of life';
const ANSWERED = 'gave a sign of life';
const FRAMES_PER_MS = 24;

export class EventLog {
  /** @type {LogEntry[]} */
  #entries = [];
  /** @type {Map<string, LogEntry>} the entries that more of the same is folded into */
  #open = new Map();
  #count = 0;
  /** The session told last, as JSON: told again unchanged, it answers a sign of life. */
  #session = '';

  /** Oldest first. At most 1,000: older ones are dropped. @returns {readonly LogEntry[]} */
  get entries() {
    return this.#entries;
  }

  /**
   * @param {'up' | 'down'} direction
   * @param {RealtimeEvent} event
   * @param {number} now
   * @returns {LogEntry} new, or the one it was folded into
   */
  add(direction, event, now) {
    const key = this.#signOfLife(direction, event) || foldingKey(direction, event);
    const open = key === '' ? undefined : this.#open.get(key);
    const entry = open ?? this.#append({ direction, type: event.type, at: now, sign: isSign(key) });
    entry.count += 1;
    entry.audioMs += audioMsOf(event);
    entry.event = shorten(event);
    if (key === '') this.#close(event.type);
    else this.#open.set(key, entry);
    return entry;
  }

  clear() {
    this.#entries = [];
    this.#open.clear();
  }

  /**
   * Ends the folding of floods; the microphone's goes on until something is said of its buffer, signs of life for ever.
   *
   * @param {string} type
   */
  #close(type) {
    const ofBuffer = type.startsWith('input_audio_buffer.');
    for (const key of this.#open.keys())
      if (!isSign(key) && (key !== MICROPHONE || ofBuffer)) this.#open.delete(key);
  }

  /** @param {Pick<LogEntry, 'direction' | 'type' | 'at' | 'sign'>} first @returns {LogEntry} */
  #append(first) {
    this.#count += 1;
    const entry = { ...first, id: this.#count, count: 0, audioMs: 0, event: { type: first.type } };
    this.#entries.push(entry);
    if (this.#entries.length > MOST_ENTRIES) this.#drop(this.#entries.shift());
    return entry;
  }

  /** @param {LogEntry | undefined} dropped nothing more can be folded into it */
  #drop(dropped) {
    for (const [key, entry] of this.#open) if (entry === dropped) this.#open.delete(key);
  }

  /**
   * The key of an event that only asks whether the line works, or answers that; '' for the others.
   *
   * @param {string} direction
   * @param {RealtimeEvent} event
   */
  #signOfLife(direction, { type, session }) {
    if (direction === 'up') return type === 'session.update' && changesNothing(session) ? ASKED : '';
    if (type !== 'session.created' && type !== 'session.updated') return '';
    const told = JSON.stringify(session);
    const again = type === 'session.updated' && told === this.#session;
    this.#session = told;
    return again ? ANSWERED : '';
  }
}

/**
 * Whether an entry is one that the reader looks for.
 *
 * @param {LogEntry} entry
 * @param {{words: string, direction: '' | 'up' | 'down'}} filter `words` is looked for in the type and in the
 *   event, whatever its case
 */
export function matches(entry, { words, direction }) {
  if (direction !== '' && entry.direction !== direction) return false;
  const wanted = words.trim().toLowerCase();
  return (
    wanted === '' || entry.type.includes(wanted) || JSON.stringify(entry.event).toLowerCase().includes(wanted)
  );
}

/** @param {string} key */
function isSign(key) {
  return key === ASKED || key === ANSWERED;
}

/** Whether an update names no field but the session's type. @param {object | undefined} session */
function changesNothing(session) {
  return Object.keys(session ?? {}).every((name) => name === 'type');
}

/**
 * What may be folded together, '' for what stands alone.
 *
 * @param {string} direction
 * @param {RealtimeEvent} event
 */
function foldingKey(direction, { type, item_id: itemId = '' }) {
  if (type === 'input_audio_buffer.append') return MICROPHONE;
  return type.endsWith('.delta') ? `${direction} ${type} ${itemId}` : '';
}

/** @param {RealtimeEvent} event */
function audioMsOf({ type, delta, samples }) {
  if (typeof samples === 'number') return samples / FRAMES_PER_MS;
  const inBase64 = type === 'response.output_audio.delta' && typeof delta === 'string';
  return inBase64 ? (delta.length * 3) / 4 / (2 * FRAMES_PER_MS) : 0;
}

/**
 * A copy whose long strings are cut short, so that a log of hours holds no audio and no images.
 *
 * @param {any} value
 * @returns {any}
 */
export function shorten(value) {
  if (typeof value === 'string') return value.length > LONGEST_STRING ? cutShort(value) : value;
  if (Array.isArray(value)) return value.map(shorten);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shorten(inner)]));
}

/** @param {string} text */
function cutShort(text) {
  return `${text.slice(0, 40)}… (${text.length.toLocaleString('en')} characters)`;
}
