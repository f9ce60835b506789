/** Opens what carries a session: a WebSocket that is had again where it breaks, or a call. */
import { CallSocket } from './call-socket.js';
import { RESUME_PROTOCOL, ResumableSocket } from './resumable-socket.js';

/** What carries a session. @typedef {'websocket' | 'webrtc'} Transport */

/** Browsers can set no header on a WebSocket, so the API takes credentials among the subprotocols. */
const TICKET_PROTOCOL = 'openai-insecure-api-key.';
const OWN_PROTOCOL = 'realtime'; // the API's, for whoever knows no other

/**
 * @typedef {object} Dialling
 * @property {string} url
 * @property {Transport} transport
 * @property {string} ticket '' for none
 * @property {() => string | Promise<string>} renewTicket gives another, where the connection has to be renewed
 * @property {string[]} protocols of codecs besides JSON, in order of preference
 * @property {typeof WebSocket} WebSocketClass
 * @property {typeof CallSocket} CallClass
 */

/**
 * @param {Dialling} dialling
 * @returns {ResumableSocket | CallSocket} which opens, or closes
 * @throws {Error} for an address that no WebSocket can have, or without WebRTC
 */
export function dial({ url, transport, ticket, renewTicket, protocols, WebSocketClass, CallClass }) {
  if (transport === 'webrtc') return new CallClass(url, ticket);
  const offered = withTicket(protocols, ticket);
  if (offered.length > 0) offered.push(OWN_PROTOCOL, RESUME_PROTOCOL);
  return new ResumableSocket(new WebSocketClass(url, offered), async (again) => {
    return new WebSocketClass(url, withTicket(again, await renewTicket()));
  });
}

/** @param {string[]} protocols @param {string} ticket @returns {string[]} */
function withTicket(protocols, ticket) {
  return ticket === '' ? [...protocols] : [...protocols, TICKET_PROTOCOL + ticket];
}
