// The server, asked at addresses relative to the page, so that it works below any base URL.

export interface Model {
  id: string;
  supports_chat: boolean;
  supports_fim: boolean;
  context_window: number;
}

export interface Hole {
  prefix: string;
  suffix: string;
  language: string;
  file_path: string;
  model: string;
  mode: string;
}

export interface Suggestion {
  completion: string;
  finish_reason: string;
  model: string;
  usage: { prompt_tokens: number; completion_tokens: number; cached_tokens: number };
  timings: { queue_ms: number; prompt_ms: number; generate_ms: number; total_ms: number };
}

export interface Turn {
  role: 'user' | 'assistant';
  content: string;
}

export interface Chunk {
  choices: { delta: { content?: string }; finish_reason: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
}

export class ApiError extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }
}

const KEY = 'fimble-key';

export function storedKey(): string {
  return sessionStorage.getItem(KEY) ?? '';
}

export function storeKey(key: string): void {
  if (key) sessionStorage.setItem(KEY, key);
  else sessionStorage.removeItem(KEY);
}

export async function models(): Promise<Model[]> {
  const response = await ask('v1/models');
  return ((await response.json()) as { data: Model[] }).data;
}

export async function complete(hole: Hole, signal: AbortSignal): Promise<Suggestion> {
  const response = await ask('complete', { ...hole, details: true }, signal);
  return (await response.json()) as Suggestion;
}

/** Only counted on the server; nothing depends on it. */
export function report(event: 'shown' | 'accepted', model: string): void {
  ask('v1/feedback', { event, model }).catch(() => undefined);
}

/** The chunks of a streamed answer. */
export async function* chat(
  messages: Turn[], asked: { model: string; language: string }, signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const how = { stream: true, stream_options: { include_usage: true }, max_tokens: 400, temperature: 0.2, repetition_penalty: 1.1 };
  const body = { messages, ...asked, ...how };
  const response = await ask('v1/chat/completions', body, signal);
  for await (const data of events(response.body!)) {
    if (data === '[DONE]') return;
    const event = JSON.parse(data);
    if (event.error) throw new ApiError(response.status, event.error.code, event.error.message);
    yield event as Chunk;
  }
}

async function* events(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let held = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    held += value;
    const blocks = held.split('\n\n');
    held = blocks.pop() ?? '';
    for (const block of blocks) yield block.replace(/^data: /, '');
  }
}

async function ask(path: string, body?: object, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = {};
  if (storedKey()) headers.Authorization = `Bearer ${storedKey()}`;
  if (body) headers['Content-Type'] = 'application/json';
  const response = await fetch(new URL(path, document.baseURI), {
    method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal,
  });
  if (response.ok) return response;
  throw await refusal(response);
}

async function refusal(response: Response): Promise<ApiError> {
  try {
    const { error } = await response.json();
    return new ApiError(response.status, error.code, error.message);
  } catch {
    return new ApiError(response.status, 'unknown', `The server answered ${response.status}.`);
  }
}
