// What a page of 2024 does: the same through `OpenAIRealtimeWebSocket`.

import OpenAI from 'openai';
import { OpenAIRealtimeWebSocket } from 'openai/beta/realtime/websocket';
import { converse } from './beta-conversation.js';

export function run([baseURL, apiKey, speech]) {
  const client = new OpenAI({ baseURL, apiKey, dangerouslyAllowBrowser: true });
  return converse(new OpenAIRealtimeWebSocket({ model: 'gpt-realtime-2.1' }, client), speech);
}
