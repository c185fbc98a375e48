// The few helpers that the page's modules share for its elements.

export function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K, className = '', text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

const number = new Intl.NumberFormat('en');

export function count(value: number, noun: string): string {
  return `${number.format(value)} ${noun}${value === 1 ? '' : 's'}`;
}

export function rounded(value: number): string {
  return number.format(Math.round(value));
}

export function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(1) : rounded(value);
}
