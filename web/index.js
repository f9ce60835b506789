/**
 * The library: what other pages and apps may import. It has no dependency and touches no page.
 */
export { BinaryCodec } from './binary-codec.js';
export { jsonCodec } from './codecs.js';
export { Conversation } from './conversation.js';
export { explainEnding, explainMicrophone, explainUnreachable } from './endings.js';
export { Latency } from './latency.js';
export { Microphone, MicrophoneUnavailable } from './microphone.js';
export { ConnectFailed, RealtimeClient } from './realtime-client.js';
export { Speaker } from './speaker.js';
export { asText, splitHeard } from './transcript.js';
export { VoiceSession } from './voice-session.js';
