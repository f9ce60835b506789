/** The drawer's Latency tab: figures of the session, and a bar for each turn. */
import { SAMPLE_RATE } from '../audio/pcm.js';
import { downloadJson, stamp } from './files.js';
import { make } from './page.js';
import { costWords } from './state-words.js';

/** @typedef {import('../session/voice-session.js').VoiceSession} VoiceSession */
/** @typedef {ReturnType<import('../conversation/latency.js').Latency['toJSON']>['turns'][number]} TurnFigures */

const MOST_TURNS = 30;

/** @type {[keyof TurnFigures, string, string][]} where each stretch ends, its class, its name */
const STRETCHES = [
  ['createdMs', 'stretch-accept', 'accepted'],
  ['firstAudioMs', 'stretch-think', 'first audio'],
  ['firstHeardMs', 'stretch-play', 'heard'],
];

/** @type {[string, string, string][]} the stages of a cascade, their classes, their names */
const STAGES = [
  ['hear_ms', 'stretch-hear', 'transcribed'],
  ['think_ms', 'stretch-model', 'thought'],
  ['speak_ms', 'stretch-voice', 'spoken'],
];

/** Where the time goes: the figures of the session, and a bar for each turn. */
export class LatencyPanel {
  #voice;
  #figures;
  #turns;
  #shown = '';

  /**
   * @param {VoiceSession} voice
   * @param {HTMLElement} figures
   * @param {HTMLElement} turns
   * @param {HTMLElement} button
   */
  constructor(voice, figures, turns, button) {
    this.#voice = voice;
    this.#figures = figures;
    this.#turns = turns;
    button.addEventListener('click', () => downloadJson(`realtime-latency-${stamp()}.json`, voice.stats()));
  }

  render() {
    const { latency, microphone, speaker, relay, call } = this.#voice.stats();
    const content = JSON.stringify([
      latency,
      microphone.droppedChunks,
      microphone.lostMs,
      speaker.underruns,
      speaker.jitterDepthMs,
      speaker.playedFrames,
      relay,
      call,
    ]);
    if (content === this.#shown) return;
    this.#shown = content;
    this.#figures.replaceChildren(
      ...figure('First audio, median', ms(latency.medianFirstAudioMs)),
      ...figure('First heard, median', ms(latency.medianFirstHeardMs)),
      ...figure('Round trip to the relay', ms(latency.roundTripMs)),
      ...figure('Underruns', String(speaker.underruns)),
      ...figure('Jitter depth', ms(speaker.jitterDepthMs)),
      ...figure('Capture drops', String(microphone.droppedChunks)),
      ...figure('Sound played', `${(speaker.playedFrames / SAMPLE_RATE).toFixed(1)} s`),
      ...transportFigures(latency.transports),
      ...callFigures(call),
      ...costFigures(relay),
    );
    const turns = latency.turns.slice(-MOST_TURNS);
    const longest = Math.max(100, ...turns.map(lastMs));
    this.#turns.replaceChildren(
      ...turns
        .map((turn, index) => makeTurn(turn, latency.turns.length - turns.length + index + 1, longest))
        .reverse(),
    );
  }
}

/** @param {TurnFigures} turn @param {number} number @param {number} longestMs */
function makeTurn(turn, number, longestMs) {
  const bar = make('div', { class: 'stretches', 'aria-hidden': 'true' });
  let from = 0;
  for (const [field, kind] of STRETCHES) {
    const until = turn[field];
    if (typeof until !== 'number' || until < from) continue;
    const stretch = make('span', { class: `stretch ${kind}` });
    stretch.style.width = `${((until - from) / longestMs) * 100}%`;
    bar.append(stretch);
    from = until;
  }
  const words = STRETCHES.map(([field, kind, name]) =>
    make(
      'span',
      { class: `stretch-key ${kind}` },
      `${name} ${ms(/** @type {number | null} */ (turn[field]))}`,
    ),
  );
  if (turn.cut) words.push(make('span', {}, 'interrupted'));
  if (turn.underruns > 0) words.push(make('span', {}, `${turn.underruns} underruns`));
  return make(
    'li',
    {},
    make('p', { class: 'timeline-title' }, `Turn ${number}`),
    bar,
    make('p', { class: 'hint stretch-keys' }, ...words),
    ...makeStages(turn.stages, longestMs),
  );
}

/**
 * What each stage of a cascade took; they may have begun before the turn was over.
 *
 * @param {TurnFigures['stages']} stages @param {number} longestMs
 */
function makeStages(stages, longestMs) {
  if (stages === null) return [];
  const bar = make('div', { class: 'stretches', 'aria-hidden': 'true' });
  const words = [];
  for (const [field, kind, name] of STAGES) {
    const took = Number(stages[field]);
    if (!(took >= 0)) continue;
    const stretch = make('span', { class: `stretch ${kind}` });
    stretch.style.width = `${Math.min(100, (took / longestMs) * 100)}%`;
    bar.append(stretch);
    words.push(make('span', { class: `stretch-key ${kind}` }, `${name} ${ms(took)}`));
  }
  return [bar, make('p', { class: 'hint stretch-keys' }, ...words)];
}

/** @param {TurnFigures} turn */
function lastMs({ createdMs, firstAudioMs, firstHeardMs }) {
  return Math.max(createdMs ?? 0, firstAudioMs ?? 0, firstHeardMs ?? 0);
}

/** @param {string} name @param {string} value */
function figure(name, value) {
  return [make('div', { class: 'figure' }, make('dt', {}, name), make('dd', {}, value))];
}

/**
 * Both transports beside each other, once both have carried turns.
 *
 * @param {ReturnType<import('../conversation/latency.js').Latency['toJSON']>['transports']} transports
 */
function transportFigures({ websocket, webrtc }) {
  if (websocket.turns === 0 || webrtc.turns === 0) return [];
  return [
    ...figure(`First heard by WebSocket, median of ${websocket.turns}`, ms(websocket.medianFirstHeardMs)),
    ...figure(`First heard by WebRTC, median of ${webrtc.turns}`, ms(webrtc.medianFirstHeardMs)),
  ];
}

/** @param {import('../protocol/call-socket.js').CallFigures | null} call */
function callFigures(call) {
  if (call === null) return [];
  return [
    ...figure('Round trip of the call', ms(call.roundTripMs)),
    ...figure('Jitter of the call', ms(call.jitterMs)),
    ...figure('Packets lost', percent(call.lostShare)),
    ...figure('Sound made up for them', percent(call.concealedShare)),
  ];
}

/** @param {number | null} share */
function percent(share) {
  return share === null ? '–' : `${(100 * share).toFixed(1)} %`;
}

/** @param {{costUsd: number | null, budgetShare: number | null}} relay */
function costFigures({ costUsd, budgetShare }) {
  if (costUsd === null) return [];
  return [
    ...figure('Cost, at the API’s prices', costWords(costUsd)),
    ...(budgetShare === null ? [] : figure('Of the budget', `${Math.round(budgetShare * 100)} %`)),
  ];
}

/** @param {number | null} value */
function ms(value) {
  return value === null ? '–' : `${Math.round(value)} ms`;
}
