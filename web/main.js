/**
 * The voice page: joins a `VoiceSession` to the elements of index.html. Only `drawer-panels` knows ids besides.
 *
 * `voice` is exported for whoever drives the page from outside: `(await
 * import('/web/main.js')).voice.stats()`.
 */
import { makeChime } from './audio/chime.js';
import { TurnPlayer } from './audio/turn-player.js';
import { asText } from './conversation/transcript.js';
import { explainMicrophone } from './protocol/endings.js';
import { EventLog } from './protocol/event-log.js';
import { fromLink } from './protocol/voice-settings.js';
import { CallSignals, TURN_SIGNALS, offerMediaKeys } from './session/call-signals.js';
import { KeptConversations } from './session/kept-conversations.js';
import { measureRoundTrip, ownRelay } from './session/own-relay.js';
import { Preferences } from './session/preferences.js';
import { ToolAnswers } from './session/tool-answers.js';
import { VoiceSession } from './session/voice-session.js';
import { Announcer } from './views/announcer.js';
import { CallView } from './views/call-view.js';
import { ComposerView } from './views/composer-view.js';
import { ConversationsView } from './views/conversations-view.js';
import { makeDrawer } from './views/drawer-panels.js';
import { copy, download, stamp } from './views/files.js';
import { NoticeView } from './views/notice-view.js';
import { PageLanguage, wantedLanguage } from './views/page-language.js';
import { byId, setText } from './views/page.js';
import { ProblemView } from './views/problem-view.js';
import { SettingsView } from './views/settings-view.js';
import { listenToKeys } from './views/shortcuts.js';
import { stateWords } from './views/state-words.js';
import { TranscriptView, showWaitingCall } from './views/transcript-view.js';
import { VideoView } from './views/video-view.js';
import { WelcomeView } from './views/welcome-view.js';

const TITLE = document.title;
const titleElement = /** @type {HTMLTitleElement} */ (document.querySelector('title'));
const ROUND_TRIP_INTERVAL_MS = 5_000;

export const voice = new VoiceSession();

const preferences = new Preferences();
const { profile, model, language: asked } = fromLink(location.hash, location.search);
const linked = Object.entries({ profile, model, language: asked }).filter(([, value]) => value !== null);
preferences.change(Object.fromEntries(linked));
const language = new PageLanguage();
const log = new EventLog();
const player = new TurnPlayer();
const chimes = new TurnPlayer();
const transcript = new TranscriptView(byId('transcript'), byId('scroller'), {
  earlier: byId('earlier', HTMLButtonElement),
  again: {
    has: (id) => voice.sounds.has(id),
    get playing() {
      return player.name;
    },
    toggle: (id) => playAgain(id),
  },
  calls: {
    has: (name) => toolAnswers.has(name),
    answer: (callId, output) => voice.answerCall(callId, output),
    decide: (callId, approve) => voice.decideCall(callId, approve),
    say: language.say,
  },
  say: language.say,
});
const welcome = new WelcomeView(byId('welcome'), byId('welcome-title'), byId('welcome-advice'), language.say);
const notices = new NoticeView(byId('notice-words'), byId('undo'), language.say);
const problem = new ProblemView({
  root: byId('problem'),
  title: byId('problem-title'),
  advice: byId('problem-advice'),
  detail: byId('problem-detail'),
  reconnect: byId('reconnect'),
  dismiss: byId('problem-dismiss'),
}, language.say);
const announcer = new Announcer(byId('announcer'));
const call = new CallView(voice, {
  root: byId('app'),
  waveform: byId('waveform', HTMLCanvasElement),
  start: byId('start', HTMLButtonElement),
  startLabel: byId('start-label'),
  startIcon: byId('start-icon'),
  state: byId('state'),
  clock: byId('clock'),
  cost: byId('cost'),
  mute: byId('mute', HTMLButtonElement),
  muteIcon: byId('mute-icon'),
  muteLabel: byId('mute-label'),
  talk: byId('talk', HTMLButtonElement),
  interrupt: byId('interrupt', HTMLButtonElement),
  pushToTalk: byId('push-to-talk', HTMLButtonElement),
  anew: byId('anew', HTMLButtonElement),
}, language);
const video = new VideoView(voice.video, {
  camera: byId('show-camera', HTMLButtonElement),
  screen: byId('show-screen', HTMLButtonElement),
  panel: byId('video'),
  preview: byId('video-preview', HTMLVideoElement),
  title: byId('video-title'),
  words: byId('video-seen'),
  latest: byId('video-latest', HTMLImageElement),
  stop: byId('video-stop', HTMLButtonElement),
}, language.say);
const composer = new ComposerView({
  form: byId('composer', HTMLFormElement),
  message: byId('message', HTMLTextAreaElement),
  send: byId('send', HTMLButtonElement),
  attachments: byId('attachments'),
  sources: {
    button: byId('attach', HTMLButtonElement),
    menu: byId('attach-menu'),
    file: byId('attach-file', HTMLInputElement),
    camera: byId('camera', HTMLDialogElement),
    video: byId('camera-video', HTMLVideoElement),
  },
}, language.say);
const settings = new SettingsView(
  {
    dialog: byId('settings', HTMLDialogElement),
    relayUrl: byId('relay-url', HTMLInputElement),
    relayUrlProblem: byId('relay-url-problem'),
    profile: byId('profile', HTMLInputElement),
    model: byId('model', HTMLInputElement),
    kind: byId('kind', HTMLSelectElement),
    transport: byId('transport', HTMLSelectElement),
    ticket: byId('ticket', HTMLInputElement),
    microphone: byId('microphone', HTMLSelectElement),
    speaker: byId('speaker', HTMLSelectElement),
    language: byId('language', HTMLSelectElement),
  },
  preferences,
  ownRelay(),
  language.say,
);
const kept = new KeptConversations(() => settings.target);
const conversations = new ConversationsView(byId('kept'), byId('kept-list'), language.say);
const toolAnswers = new ToolAnswers(voice);
const { drawer, voicePanel, soundCheck } = makeDrawer({
  voice, log, player, preferences, toolAnswers, target: () => settings.target,
});
let scheduled = false;

/** The page speaks a visitor's language as soon as it has the words. */
async function speak() {
  if (!(await language.choose(wantedLanguage(preferences.choices.language, navigator.languages)))) return;
  Object.assign(document.documentElement, { lang: language.tag, dir: language.direction });
  language.translate(document.body);
  transcript.words = language.words;
  void settings.listDevices();
  schedule();
}

/** @param {boolean} [microphone] */
async function start(microphone = true) {
  const opened = await voice.start({ ...kept.inCurrent(settings.target), microphone });
  if (opened && microphone) void settings.listDevices(); // they have names now
  focusTalk();
  return opened;
}

/** The conversation of the transcript is over. @returns {() => void} undoes that */
function clear() {
  const bringBack = voice.clear();
  const goOn = voice.active ? () => {} : kept.leave();
  return () => {
    bringBack();
    goOn();
  };
}

/** Takes up a conversation that was kept. @param {string} id */
function goOnWith(id) {
  kept.current = id;
  void start();
}

/** With push-to-talk the space bar must not press the button that was pressed last. */
function focusTalk() {
  call.render();
  if (voice.pushToTalk && voice.active) byId('talk').focus();
}

/** Start opens a popover until this module runs, which needs no script and shows that it was pressed. */
function takeUpEarlyPress() {
  const [button, early] = [byId('start'), byId('early')];
  const pressed = early.matches(':popover-open');
  for (const name of ['popovertarget', 'popovertargetaction']) button.removeAttribute(name);
  early.remove();
  if (pressed) void start();
}

/** @param {{text: string, images: string[]}} message */
async function say({ text, images }) {
  if (!voice.active) void start(false);
  await voice.say(text, images);
}

/** Plays what was kept of a turn, or stops that. @param {string} id */
function playAgain(id) {
  if (player.name === id) {
    player.stop();
    return;
  }
  void voice.interrupt();
  player.volume = voice.speaker.volume;
  void player.play(id, voice.sounds.get(id), preferences.choices.speakerId);
}

function schedule() {
  if (scheduled) return;
  scheduled = true;
  requestAnimationFrame(render);
}

function render() {
  scheduled = false;
  const { turns } = voice.conversation;
  call.render();
  video.render();
  transcript.render(turns);
  const state = stateWords(voice, language.words);
  announcer.render(voice, state);
  drawer.render();
  welcome.render(voice);
  conversations.render(kept.list, voice);
  setText(titleElement, voice.active ? `${state} · ${TITLE}` : TITLE);
  byId('calls-waiting').hidden = voice.openCalls.length === 0;
  setText(byId('calls-count'), String(voice.openCalls.length));
  byId('transcript-tools').hidden = turns.length === 0;
  problem.render(voice);
  notices.render(voice);
}

function renderHost() {
  const { url } = settings.target;
  setText(byId('relay-host'), URL.canParse(url) ? new URL(url).host : url);
}

async function copyTranscript() {
  const done = await copy(asText(voice.conversation.turns));
  notices.show(
    done
      ? 'The transcript was copied.'
      : 'The browser did not let this page copy. Download the transcript instead.',
  );
}

async function measure() {
  if (!drawer.open || voice.client === null) return;
  await voice.measureCall();
  if (voice.client === null) return;
  voice.latency.roundTripMs = await measureRoundTrip(voice.client).catch(() => null);
  schedule();
}

/** @param {string} sentence */
function notice(sentence) {
  notices.show(sentence);
}

/** @template T @param {EventTarget} source @param {string} type @param {(detail: T) => void} listener */
function listen(source, type, listener) {
  source.addEventListener(type, (event) => listener(/** @type {CustomEvent<T>} */ (event).detail));
}

listen(voice, 'change', schedule);
listen(player, 'change', () => transcript.renderAgain(voice.conversation.turns));
listen(voice, 'notice', (/** @type {string} */ sentence) => notices.tell(sentence));
listen(voice, 'received', (/** @type {import('./protocol/codecs.js').RealtimeEvent} */ event) => {
  log.add('down', event, performance.now());
  const news = kept.apply(event);
  if (news !== '') voice.conversation.addNotice(news);
});
listen(kept, 'change', schedule);
listen(kept, 'notice', notice);
listen(conversations, 'continue', goOnWith);
listen(conversations, 'delete', (/** @type {string} */ id) => void kept.delete(id));
listen(voice, 'sent', (/** @type {import('./protocol/codecs.js').RealtimeEvent} */ event) =>
  log.add('up', event, performance.now()),
);
listen(composer, 'say', say);
listen(composer, 'notice', notice);
listen(voice, 'unsent', (/** @type {{text: string, images: string[]}} */ message) => composer.restore(message));
listen(new CallSignals(voice), 'signal', (/** @type {import('./session/call-signals.js').Signal} */ signal) => {
  const wanted = TURN_SIGNALS.has(signal) ? preferences.choices.turnSounds : preferences.choices.chimes;
  if (wanted) void chimes.play(signal, makeChime(signal), preferences.choices.speakerId);
});
offerMediaKeys(voice, TITLE);
listen(voicePanel, 'notice', notice);
listen(toolAnswers, 'notice', notice);
listen(soundCheck, 'failed', (/** @type {import('./audio/microphone.js').MicrophoneUnavailable} */ error) => {
  notices.show(explainMicrophone(error).title);
  soundCheck.render();
});
listen(settings, 'change', () => {
  renderHost();
  void kept.refresh();
});
listen(settings, 'language', () => void speak());
listen(settings, 'microphone', (/** @type {string} */ id) => voice.active && void voice.chooseMicrophone(id));
listen(settings, 'speaker', (/** @type {string} */ id) => void voice.speaker.setDevice(id));
listenToKeys(voice, byId('talk'), () => announcer.say(stateWords(voice, language.words)));

byId('start').addEventListener('click', () => (voice.active ? voice.stop() : void start()));
byId('drawer-button').addEventListener('click', () => void measure());
byId('problem-dismiss').addEventListener('click', () => voice.dismissProblem());
byId('settings-button').addEventListener('click', () => settings.open());
byId('transcript-copy').addEventListener('click', () => void copyTranscript());
byId('transcript-download').addEventListener('click', () =>
  download(`conversation-${stamp()}.txt`, asText(voice.conversation.turns)),
);
byId('transcript-clear').addEventListener('click', () => notices.show('The transcript was cleared.', clear()));
byId('anew').addEventListener('click', () => {
  clear();
  void start();
});
byId('calls-waiting').addEventListener('click', () => showWaitingCall(byId('transcript')));
byId('reconnect').addEventListener('click', () => voice.reconnectNow());
byId('push-to-talk').addEventListener('click', () => {
  voice.pushToTalk = !voice.pushToTalk;
  preferences.change({ pushToTalk: voice.pushToTalk });
  focusTalk();
});
byId('chimes').addEventListener('change', () => {
  preferences.change({ chimes: byId('chimes', HTMLInputElement).checked });
});
byId('turn-sounds').addEventListener('change', () => {
  preferences.change({ turnSounds: byId('turn-sounds', HTMLInputElement).checked });
});
byId('volume').addEventListener('input', () => {
  voice.speaker.volume = Number(byId('volume', HTMLInputElement).value) / 100;
  preferences.change({ volume: voice.speaker.volume });
});

const { volume, speakerId, pushToTalk } = preferences.choices;
voice.speaker.volume = volume;
voice.pushToTalk = pushToTalk;
void voice.speaker.setDevice(speakerId);
byId('chimes', HTMLInputElement).checked = preferences.choices.chimes;
byId('turn-sounds', HTMLInputElement).checked = preferences.choices.turnSounds;
byId('volume', HTMLInputElement).value = String(Math.round(volume * 100));
setInterval(() => void measure(), ROUND_TRIP_INTERVAL_MS);
renderHost();
void kept.refresh();
schedule();
takeUpEarlyPress();
void speak();
