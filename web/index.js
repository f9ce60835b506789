/**
 * The library: what other pages and apps may import. It has no dependency and touches no page.
 */
export { Microphone, MicrophoneUnavailable } from './audio/microphone.js';
export { Speaker } from './audio/speaker.js';
export { TurnPlayer } from './audio/turn-player.js';
export { Conversation } from './conversation/conversation.js';
export { Latency } from './conversation/latency.js';
export { asText, splitHeard } from './conversation/transcript.js';
export { BinaryCodec } from './protocol/binary-codec.js';
export { jsonCodec } from './protocol/codecs.js';
export { ConnectFailed, explainEnding, explainMicrophone, explainUnreachable } from './protocol/endings.js';
export { RealtimeClient } from './protocol/realtime-client.js';
export { Recorder } from './session/recorder.js';
export { VoiceSession } from './session/voice-session.js';
