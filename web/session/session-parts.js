/** The parts of a voice session, made and joined: devices, connection, conversation, and what goes between them. */
import { Microphone } from '../audio/microphone.js';
import { Speaker } from '../audio/speaker.js';
import { Conversation } from '../conversation/conversation.js';
import { Latency } from '../conversation/latency.js';
import { TurnSounds } from '../conversation/turn-sounds.js';
import { TurnTaking } from '../conversation/turn-taking.js';
import { RelayEvents } from '../protocol/relay-events.js';
import { CallSound } from './call-sound.js';
import { CallVideo } from './call-video.js';
import { Connector } from './connector.js';
import { EventIntake } from './event-intake.js';
import { MicrophoneFeed } from './microphone-feed.js';
import { SessionLedger } from './session-ledger.js';
import { SoundDevices } from './sound-devices.js';
import { VisitorInput } from './visitor-input.js';

/** @typedef {{microphone?: Microphone, speaker?: Speaker, connector?: Connector}} GivenParts */

/** @typedef {Readonly<ReturnType<typeof makeParts>>} SessionParts */

/** @param {GivenParts} given what is not given is made */
export function makeParts({ microphone = new Microphone(), speaker = new Speaker(), connector = new Connector() }) {
  const conversation = new Conversation();
  const turnTaking = new TurnTaking({ getClient: () => connector.client, speaker, conversation });
  const feed = new MicrophoneFeed(
    microphone,
    (samples) => turnTaking.gate(samples),
    () => turnTaking.open,
  );
  const followers = {
    connector,
    speaker,
    conversation,
    turnTaking,
    feed,
    latency: new Latency(),
    news: new RelayEvents(),
    callSound: new CallSound(speaker),
    video: new CallVideo(),
    ledger: new SessionLedger(),
    input: new VisitorInput({ connector, conversation, turnTaking }),
  };
  return {
    ...followers,
    microphone,
    devices: new SoundDevices(feed, microphone, speaker),
    intake: new EventIntake(followers),
    sounds: new TurnSounds(),
  };
}
