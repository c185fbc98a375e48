// The chat: a conversation that streams in, with code blocks that can be copied.
import { ApiError, Turn, chat } from './api';
import { count, element, make, rounded } from './dom';

export class Chat {
  private readonly turns: Turn[] = [];
  private abort: AbortController | null = null;
  private readonly log = element<HTMLElement>('log');
  private readonly input = element<HTMLTextAreaElement>('message');
  private readonly send = element<HTMLButtonElement>('send');

  constructor(private readonly asked: () => { model: string; language: string }) {
    element<HTMLFormElement>('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.abort) this.abort.abort();
      else void this.say(this.input.value.trim());
    });
    this.input.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.abort) void this.say(this.input.value.trim());
    });
    this.input.addEventListener('input', () => this.fit());
    element('clear').addEventListener('click', () => this.clear());
  }

  private async say(text: string): Promise<void> {
    if (!text) return;
    this.input.value = '';
    this.fit();
    this.turns.push({ role: 'user', content: text });
    this.add('user', text);
    const shown = this.add('assistant', '');
    this.busy(true);
    const answer = await this.stream(shown);
    this.busy(false);
    if (answer) this.turns.push({ role: 'assistant', content: answer });
    else this.turns.pop();
  }

  /** The whole answer, or as much of it as came; what went wrong is shown below it. */
  private async stream(shown: HTMLElement): Promise<string> {
    const began = performance.now();
    const body = shown.querySelector<HTMLElement>('.said')!;
    let text = '';
    try {
      for await (const chunk of chat(this.turns, this.asked(), this.abort!.signal)) {
        text += chunk.choices[0]?.delta.content ?? '';
        draw(body, text);
        if (chunk.usage) shown.append(make('p', 'note', described(chunk.usage, performance.now() - began)));
        this.log.scrollTop = this.log.scrollHeight;
      }
    } catch (error) {
      if (!this.abort!.signal.aborted) shown.append(make('p', 'note problem', said(error)));
    }
    if (!text && !shown.querySelector('.problem')) body.append(make('em', 'note', 'no answer'));
    return text;
  }

  private add(role: Turn['role'], text: string): HTMLElement {
    element('hello').hidden = true;
    const entry = make('article', `turn ${role}`);
    entry.append(make('h3', 'who', role === 'user' ? 'You' : 'Model'));
    const body = make('div', 'said');
    draw(body, text);
    entry.append(body);
    this.log.append(entry);
    this.log.scrollTop = this.log.scrollHeight;
    return entry;
  }

  private busy(now: boolean): void {
    this.abort = now ? new AbortController() : null;
    this.send.textContent = now ? 'Stop' : 'Send';
    this.log.setAttribute('aria-busy', String(now));
  }

  private clear(): void {
    this.abort?.abort();
    this.turns.length = 0;
    this.log.querySelectorAll('.turn').forEach((each) => each.remove());
    element('hello').hidden = false;
    this.input.focus();
  }

  private fit(): void {
    this.input.rows = Math.min(8, this.input.value.split('\n').length);
  }
}

/** Text with fenced code blocks; everything is set as text, never as HTML. */
function draw(body: HTMLElement, text: string): void {
  const parts = text.split(/^```[^\n]*\n?/m);
  body.replaceChildren(...parts.flatMap((part, index) => {
    if (!part.trim()) return [];
    return [index % 2 ? codeBlock(part.replace(/\n$/, '')) : make('p', 'text', part.replace(/^\n+|\n+$/g, ''))];
  }));
}

function codeBlock(code: string): HTMLElement {
  const block = make('div', 'block');
  const copy = make('button', 'quiet', 'Copy');
  copy.type = 'button';
  copy.addEventListener('click', () => {
    void navigator.clipboard.writeText(code).then(() => { copy.textContent = 'Copied'; });
  });
  const pre = make('pre');
  pre.append(make('code', '', code));
  block.append(copy, pre);
  return block;
}

function described(usage: { prompt_tokens: number; completion_tokens: number }, ms: number): string {
  const rate = rounded((1000 * usage.completion_tokens) / ms);
  const seconds = (ms / 1000).toFixed(1);
  return `${count(usage.prompt_tokens, 'token')} read, ${usage.completion_tokens} written in ${seconds} s, ${rate} a second`;
}

export function said(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return 'The server cannot be reached.';
}
