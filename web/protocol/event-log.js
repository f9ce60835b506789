/**
 * A bounded log of client and server events, without their audio; runs of deltas are folded into one entry.
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
 * @property {RealtimeEvent} event the last of them, long strings cut short
 */

const MOST_ENTRIES = 1_000;
const LONGEST_STRING = 400;
const MICROPHONE = 'microphone';
const FRAMES_PER_MS = 24;

export class EventLog {
  /** @type {LogEntry[]} */
  #entries = [];
  /** @type {Map<string, LogEntry>} the entries that more of the same is folded into */
  #open = new Map();
  #count = 0;

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
    const key = foldingKey(direction, event);
    const open = key === '' ? undefined : this.#open.get(key);
    const entry = open ?? this.#append(direction, event.type, now);
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
   * Ends the folding of floods; the microphone's goes on until something is said of its buffer.
   *
   * @param {string} type
   */
  #close(type) {
    const microphone = this.#open.get(MICROPHONE);
    this.#open.clear();
    if (microphone !== undefined && !type.startsWith('input_audio_buffer.'))
      this.#open.set(MICROPHONE, microphone);
  }

  /** @param {LogEntry['direction']} direction @param {string} type @param {number} at @returns {LogEntry} */
  #append(direction, type, at) {
    this.#count += 1;
    const entry = { id: this.#count, at, direction, type, count: 0, audioMs: 0, event: { type } };
    this.#entries.push(entry);
    if (this.#entries.length > MOST_ENTRIES) this.#entries.shift();
    return entry;
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
