// The figures under the editor: the last answer's, and the latencies of those before it as bars.
import { Suggestion } from './api';
import { count, element, make, milliseconds, rounded } from './dom';

const BARS = 48;
const SVG = 'http://www.w3.org/2000/svg';

export class Figures {
  private readonly latencies: number[] = [];

  show(latency: number, made: Suggestion): void {
    const { usage, timings } = made;
    this.latencies.push(latency);
    if (this.latencies.length > BARS) this.latencies.shift();
    put('latency', milliseconds(latency), 'ms', `median ${milliseconds(median(this.latencies))} ms`);
    const queue = timings.queue_ms >= 1 ? `, ${milliseconds(timings.queue_ms)} in the queue` : '';
    put('model-time', milliseconds(timings.total_ms), 'ms',
      `${milliseconds(timings.prompt_ms)} to read, ${milliseconds(timings.generate_ms)} to write${queue}`);
    const share = usage.prompt_tokens ? Math.round((100 * usage.cached_tokens) / usage.prompt_tokens) : 0;
    put('prompt-tokens', String(usage.prompt_tokens), 'tokens', `${share} % from the cache`);
    put('made-tokens', String(usage.completion_tokens), 'tokens', speed(usage.completion_tokens, timings.generate_ms));
    this.draw();
  }

  private draw(): void {
    const chart = element('bars') as unknown as SVGSVGElement;
    const highest = Math.max(...this.latencies);
    const scale = Math.max(1, Math.min(highest, 3 * median(this.latencies))); // one slow start hides nothing
    const bars = this.latencies.map((value, index) => {
      const height = Math.max(1.5, Math.min(1, value / scale) * 36);
      const bar = document.createElementNS(SVG, 'rect');
      const place = { x: (BARS - this.latencies.length + index) * 5, y: 40 - height, width: 3.4, height, rx: 1 };
      for (const [name, number] of Object.entries(place)) bar.setAttribute(name, String(number));
      if (index === this.latencies.length - 1) bar.classList.add('newest');
      return bar;
    });
    chart.replaceChildren(...bars);
    const label = `Latencies of the last ${count(this.latencies.length, 'suggestion')}, at most ${milliseconds(highest)} ms`;
    chart.setAttribute('aria-label', label);
  }
}

function put(id: string, value: string, unit: string, note: string): void {
  element(id).replaceChildren(make('strong', '', value), ` ${unit}`);
  element(`${id}-note`).textContent = note;
}

function speed(tokens: number, ms: number): string {
  return tokens > 1 && ms > 0 ? `${rounded((1000 * tokens) / ms)} a second` : '';
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
