/**
 * The developer drawer's panels, joined to their elements of index.html. It alone knows those elements' ids.
 */
import { Recorder } from '../session/recorder.js';
import { DrawerView } from './drawer-view.js';
import { EventsPanel } from './events-panel.js';
import { LatencyPanel } from './latency-panel.js';
import { byId } from './page.js';
import { RecordingPanel } from './recording-panel.js';
import { SessionPanel } from './session-panel.js';
import { SoundCheck } from './sound-check.js';
import { ToolsPanel } from './tools-panel.js';
import { VoicePanel } from './voice-panel.js';

/**
 * @param {object} parts
 * @param {import('../session/voice-session.js').VoiceSession} parts.voice
 * @param {import('../protocol/event-log.js').EventLog} parts.log
 * @param {import('../audio/turn-player.js').TurnPlayer} parts.player plays what is tried
 * @param {import('../session/preferences.js').Preferences} parts.preferences
 * @param {import('../session/tool-answers.js').ToolAnswers} parts.toolAnswers
 * @param {() => import('./settings-view.js').SettingsView['target']} parts.target where the next session goes
 */
export function makeDrawer({ voice, log, player, preferences, toolAnswers, target }) {
  const events = new EventsPanel(log, {
    list: byId('events-list'),
    filter: byId('events-filter', HTMLInputElement),
    direction: byId('events-direction', HTMLSelectElement),
    download: byId('events-download'),
    clear: byId('events-clear'),
  });
  const latency = new LatencyPanel(
    voice,
    byId('latency-figures'),
    byId('latency-turns'),
    byId('latency-download'),
  );
  const session = new SessionPanel(voice, {
    summary: byId('session-summary'),
    json: byId('session-json', HTMLTextAreaElement),
    result: byId('session-result'),
    reload: byId('session-reload', HTMLButtonElement),
    send: byId('session-send', HTMLButtonElement),
  });
  const recording = new RecordingPanel(new Recorder(voice, () => target().profile), voice, {
    keep: byId('record', HTMLInputElement),
    words: byId('record-words'),
    wav: byId('record-wav', HTMLButtonElement),
    session: byId('record-session', HTMLButtonElement),
  });
  const voicePanel = new VoicePanel(
    voice,
    {
      form: byId('voice-form', HTMLFormElement),
      result: byId('voice-result'),
      preview: byId('voice-preview', HTMLButtonElement),
      copyToml: byId('voice-toml'),
      copyLink: byId('voice-link'),
    },
    target,
  );
  const soundCheck = new SoundCheck(voice, player, preferences, {
    meter: byId('mic-level', HTMLMeterElement),
    listen: byId('mic-try', HTMLButtonElement),
    tone: byId('speaker-try', HTMLButtonElement),
    processing: [...byId('panel-voice').querySelectorAll('input')].filter(({ form, id }) => form === null && id === ''),
  });
  const tools = new ToolsPanel(voice, toolAnswers, {
    list: byId('tools-list'),
    form: byId('tools-form', HTMLFormElement),
    name: byId('tool-name', HTMLInputElement),
    description: byId('tool-description', HTMLInputElement),
    parameters: byId('tool-parameters', HTMLTextAreaElement),
    answer: byId('tool-answer', HTMLSelectElement),
    words: byId('tool-words', HTMLTextAreaElement),
    address: byId('tool-address', HTMLInputElement),
    result: byId('tools-result'),
  });
  const renderVoiceTab = () => {
    voicePanel.render();
    soundCheck.render();
    recording.render();
  };
  const drawer = new DrawerView(byId('drawer'), byId('drawer-button'), byId('drawer-close'), [
    { tab: byId('tab-events'), panel: byId('panel-events'), render: () => events.render() },
    { tab: byId('tab-latency'), panel: byId('panel-latency'), render: () => latency.render() },
    { tab: byId('tab-voice'), panel: byId('panel-voice'), render: renderVoiceTab },
    { tab: byId('tab-session'), panel: byId('panel-session'), render: () => session.render() },
    { tab: byId('tab-tools'), panel: byId('panel-tools'), render: () => tools.render() },
  ]);
  return { drawer, voicePanel, soundCheck };
}
