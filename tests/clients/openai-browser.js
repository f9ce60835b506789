// What a page does with the npm package `openai`: the same through `OpenAIRealtimeWebSocket`.

import OpenAI from 'openai';
import { OpenAIRealtimeWebSocket } from 'openai/realtime/websocket';
import * as conversation from './openai-conversation.js';

export function run([what, baseURL, apiKey, speech]) {
  const client = new OpenAI({ baseURL, apiKey, dangerouslyAllowBrowser: true });
  const reconnect = ['insist', 'recover'].includes(what);
  return conversation[what](new OpenAIRealtimeWebSocket({ model: 'gpt-realtime-2.1', reconnect }, client), speech);
}
