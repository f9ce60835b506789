/**
 * The latency of each answer, from the end of speech or `response.create` to the first sample heard.
 *
 * Times are milliseconds on one clock, that of `performance.now()`, given with each call.
 */

/** @typedef {import('../protocol/codecs.js').RealtimeEvent} RealtimeEvent */

/**
 * @typedef {object} Timing
 * @property {number} askedAt when speech stopped, or an answer was asked for
 * @property {'speech' | 'request'} cause
 * @property {string} responseId
 * @property {string} itemId the first item with sound
 * @property {number | null} createdAt
 * @property {number | null} firstTextAt
 * @property {number | null} firstAudioAt when its first event arrived; over a call, when its first sound was on its way
 * @property {number | null} firstHeardAt when its first sample left the device
 * @property {number | null} doneAt
 * @property {boolean} cut
 * @property {number} underruns
 * @property {number | null} roundTripMs to the relay, as measured last
 * @property {import('../protocol/dialling.js').Transport} transport
 * @property {Record<string, number> | null} stages of a cascade, in milliseconds, as it tells them; null where none does
 */

const MOST_TURNS = 200;
const FIRST_SOUND = new Set(['response.output_audio.delta', 'output_audio_buffer.started']);
const REQUESTS = new Set(['response.create']);

export class Latency {
  /** @type {Timing[]} */
  #timings = [];
  #underruns = 0;
  /** To the relay, as measured last; null before. @type {number | null} */
  roundTripMs = null;
  /** What carries the session. @type {import('../protocol/dialling.js').Transport} */
  transport = 'websocket';

  /** Oldest first. At most 200: older ones are dropped. */
  get timings() {
    return this.#timings;
  }

  /** @param {RealtimeEvent} event sent to the relay @param {number} now */
  sent(event, now) {
    if (REQUESTS.has(event.type)) this.#ask('request', now);
  }

  /** @param {RealtimeEvent} event received @param {number} now */
  received(event, now) {
    if (event.type === 'input_audio_buffer.speech_stopped') this.#ask('speech', now);
    else if (event.type === 'response.created') this.#create(event.response?.id ?? '', now);
    else if (FIRST_SOUND.has(event.type)) this.#firstAudio(event, now);
    else if (event.type.endsWith('_transcript.delta') || event.type === 'response.output_text.delta')
      this.#firstText(event, now);
    else if (event.type === 'response.done') this.#done(event.response, now);
    else if (event.type === 'relay.stages') this.#stages(event);
  }

  /** @param {string} itemId @param {number} heardAt */
  heard(itemId, heardAt) {
    const timing = this.#timings.findLast((candidate) => candidate.itemId === itemId);
    if (timing !== undefined) timing.firstHeardAt ??= heardAt;
  }

  /** @param {number} total underruns since the speaker was opened */
  countUnderruns(total) {
    const last = this.#timings.at(-1);
    if (last !== undefined && total > this.#underruns) last.underruns += total - this.#underruns;
    this.#underruns = total;
  }

  clear() {
    this.#timings = [];
  }

  /** For a file: the same figures, each relative to its question, and the medians. */
  toJSON() {
    const turns = this.#timings.map(relative);
    return {
      roundTripMs: this.roundTripMs,
      medianFirstAudioMs: median(turns.map((turn) => turn.firstAudioMs)),
      medianFirstHeardMs: median(turns.map((turn) => turn.firstHeardMs)),
      transports: {
        websocket: figures(turns.filter(({ transport }) => transport === 'websocket')),
        webrtc: figures(turns.filter(({ transport }) => transport === 'webrtc')),
      },
      turns,
    };
  }

  /** @param {Timing['cause']} cause @param {number} now */
  #ask(cause, now) {
    const last = this.#timings.at(-1);
    if (last !== undefined && last.responseId === '') this.#timings.pop(); // nothing answered it
    this.#timings.push({
      askedAt: now,
      cause,
      responseId: '',
      itemId: '',
      createdAt: null,
      firstTextAt: null,
      firstAudioAt: null,
      firstHeardAt: null,
      doneAt: null,
      cut: false,
      underruns: 0,
      roundTripMs: this.roundTripMs,
      transport: this.transport,
      stages: null,
    });
    if (this.#timings.length > MOST_TURNS) this.#timings.shift();
  }

  /** @param {string} responseId @param {number} now */
  #create(responseId, now) {
    const last = this.#timings.at(-1);
    if (last === undefined || (last.responseId !== '' && !calledToolsOnly(last))) return; // unasked
    last.responseId = responseId;
    last.createdAt ??= now;
    last.doneAt = null;
  }

  /** @param {RealtimeEvent} event @param {number} now */
  #firstAudio({ response_id: responseId, item_id: itemId }, now) {
    const timing = this.#find(responseId);
    if (timing === undefined || timing.firstAudioAt !== null) return;
    timing.itemId ||= itemId ?? '';
    timing.firstAudioAt = now;
  }

  /** @param {RealtimeEvent} event @param {number} now */
  #firstText({ type, response_id: responseId, item_id: itemId }, now) {
    const timing = this.#find(responseId);
    if (timing === undefined) return;
    timing.firstTextAt ??= now;
    if (type === 'response.output_audio_transcript.delta') timing.itemId ||= itemId; // of a call's sound nothing else tells
  }

  /** @param {any} response @param {number} now */
  #done(response, now) {
    const timing = this.#find(response?.id);
    if (timing === undefined) return;
    timing.doneAt = now;
    timing.cut = response.status === 'cancelled';
  }

  /** @param {RealtimeEvent} event of an answer that is done */
  #stages({ response_id: responseId, times }) {
    const timing = this.#find(responseId);
    if (timing !== undefined && times !== null && typeof times === 'object') timing.stages = { ...times };
  }

  /** @param {string} responseId */
  #find(responseId) {
    return responseId ? this.#timings.findLast((timing) => timing.responseId === responseId) : undefined;
  }
}

/** Whether it called functions only, so that the next response is the answer. @param {Timing} timing */
function calledToolsOnly({ doneAt, firstTextAt, firstAudioAt, cut }) {
  return doneAt !== null && firstTextAt === null && firstAudioAt === null && !cut;
}

/** @param {Timing} timing */
function relative({
  askedAt,
  cause,
  responseId,
  createdAt,
  firstTextAt,
  firstAudioAt,
  firstHeardAt,
  doneAt,
  cut,
  underruns,
  roundTripMs,
  transport,
  stages,
}) {
  /** @param {number | null} at */
  const after = (at) => (at === null ? null : Math.round((at - askedAt) * 10) / 10);
  return {
    cause,
    responseId,
    createdMs: after(createdAt),
    firstTextMs: after(firstTextAt),
    firstAudioMs: after(firstAudioAt),
    firstHeardMs: after(firstHeardAt),
    doneMs: after(doneAt),
    cut,
    underruns,
    roundTripMs,
    transport,
    stages,
  };
}

/** Of the turns that one transport carried. @param {ReturnType<typeof relative>[]} turns */
function figures(turns) {
  return {
    turns: turns.length,
    medianFirstAudioMs: median(turns.map((turn) => turn.firstAudioMs)),
    medianFirstHeardMs: median(turns.map((turn) => turn.firstHeardMs)),
  };
}

/** @param {(number | null)[]} values @returns {number | null} of those that are known */
export function median(values) {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (known.length === 0) return null;
  const middle = known.length >> 1;
  return known.length % 2 === 1 ? known[middle] : (known[middle - 1] + known[middle]) / 2;
}
