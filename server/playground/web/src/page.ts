// The page: puts the editor, the chat and the controls together.
import { ApiError, Model, complete, models, report, storeKey, storedKey } from './api';
import { Chat, said } from './chat';
import { element } from './dom';
import { Editor } from './editor';
import { Figures } from './figures';
import { ghostOf } from './ghost';
import { LANGUAGES, languageOf } from './languages';

const language = element<HTMLSelectElement>('language');
const model = element<HTMLSelectElement>('model');
const mode = element<HTMLSelectElement>('mode');
const key = element<HTMLInputElement>('key');
const figures = new Figures();
let known: Model[] = [];

const editor = new Editor(element('editor'), {
  async suggest(prefix, suffix, signal) {
    const chosen = languageOf(language.value);
    const hole = { prefix, suffix, language: chosen.id, file_path: chosen.file, model: model.value, mode: mode.value };
    const began = performance.now();
    try {
      const made = await complete(hole, signal);
      figures.show(performance.now() - began, made);
      tell('');
      return made.completion;
    } catch (error) {
      if (!signal.aborted) refuse(error);
      return '';
    }
  },
  shown(text) {
    element('spoken').textContent = `Suggestion: ${text}`;
    report('shown', model.value);
  },
  accepted() {
    element('spoken').textContent = 'Accepted.';
    report('accepted', model.value);
  },
});

function tell(problem: string): void {
  const place = element('problem');
  place.textContent = problem;
  place.hidden = !problem;
}

function refuse(error: unknown): void {
  if (!needsKey(error)) return tell(said(error));
  tell(storedKey() ? 'This key is not valid here, or no longer. Enter another one above.'
    : 'This server needs an API key. Enter yours above: it is kept for this tab alone.');
  key.focus();
}

function needsKey(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

async function connect(): Promise<void> {
  const state = element('state');
  try {
    known = await models();
    const chosen = model.value;
    model.replaceChildren(...known.map((each) => new Option(each.id, each.id)));
    element('models').hidden = false;
    if (known.some((each) => each.id === chosen)) model.value = chosen;
    state.textContent = 'ready';
    state.dataset.is = 'ready';
    tell('');
    describe();
  } catch (error) {
    state.textContent = needsKey(error) ? 'needs a key' : 'away';
    state.dataset.is = 'away';
    refuse(error);
  }
}

function describe(): void {
  const chosen = known.find((each) => each.id === model.value);
  element('plain').hidden = chosen?.supports_chat ?? true;
}

function open(id: string): void {
  const chosen = languageOf(id);
  element('file').textContent = chosen.file;
  element('plain-language').textContent = chosen.name;
  editor.open(chosen);
}

function pick(name: 'editor' | 'chat'): void {
  for (const each of ['editor', 'chat']) {
    const tab = element(`${each}-tab`);
    const now = each === name;
    tab.setAttribute('aria-selected', String(now));
    tab.tabIndex = now ? 0 : -1;
    element(`${each}-panel`).hidden = !now;
  }
  if (name === 'editor') editor.view.focus();
  else element('message').focus();
}

function setUpTabs(): void {
  for (const name of ['editor', 'chat'] as const) {
    const tab = element(`${name}-tab`);
    tab.addEventListener('click', () => pick(name));
    tab.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
      const other = name === 'editor' ? 'chat' : 'editor';
      pick(other);
      element(`${other}-tab`).focus();
    });
  }
}

function setUpTheme(): void {
  const root = document.documentElement;
  const dark = () => matchMedia('(prefers-color-scheme: dark)').matches;
  element('theme').addEventListener('click', () => {
    const now = root.dataset.theme ?? (dark() ? 'dark' : 'light');
    root.dataset.theme = now === 'dark' ? 'light' : 'dark';
    localStorage.setItem('fimble-theme', root.dataset.theme);
  });
}

function setUpKey(): void {
  key.value = storedKey();
  element<HTMLFormElement>('key-form').addEventListener('submit', (event) => {
    event.preventDefault();
    storeKey(key.value.trim());
    void connect();
  });
  key.addEventListener('change', () => {
    storeKey(key.value.trim());
    void connect();
  });
}

language.replaceChildren(...LANGUAGES.map((each) => new Option(each.name, each.id)));
language.addEventListener('change', () => open(language.value));
model.addEventListener('change', describe);
for (const each of document.querySelectorAll('kbd[data-mac]')) {
  if (/Mac|iP/.test(navigator.platform)) each.textContent = each.getAttribute('data-mac');
}
setUpTabs();
setUpTheme();
setUpKey();
new Chat(() => ({ model: model.value, language: languageOf(language.value).id }));
void connect();
open(language.value);

/** For tests and the curious. */
Object.assign(window, { fimble: { text: () => editor.view.state.doc.toString(), ghost: () => ghostOf(editor.view.state) } });
