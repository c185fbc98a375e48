// Ghost text in CodeMirror: asked for while typing, kept while typed through, accepted whole or by the word.
import { EditorState, Extension, Prec, StateEffect, StateField, Transaction } from '@codemirror/state';
import { Decoration, EditorView, ViewPlugin, ViewUpdate, WidgetType, keymap } from '@codemirror/view';

export interface Source {
  /** The text to insert at the cursor, or "" for none. */
  suggest(prefix: string, suffix: string, signal: AbortSignal): Promise<string>;
  shown(text: string): void;
  accepted(): void;
}

interface Ghost {
  at: number;
  text: string;
}

const PAUSE_MS = 30;
const setGhost = StateEffect.define<Ghost | null>();
const askNow = StateEffect.define<null>();

class GhostWidget extends WidgetType {
  constructor(readonly text: string) {
    super();
  }

  override eq(other: GhostWidget): boolean {
    return other.text === this.text;
  }

  toDOM(): HTMLElement {
    const span = document.createElement('span');
    span.className = 'cm-ghost';
    span.textContent = this.text;
    span.setAttribute('aria-hidden', 'true'); // it is announced elsewhere
    return span;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

const ghostField = StateField.define<Ghost | null>({
  create: () => null,
  update(ghost, transaction) {
    for (const effect of transaction.effects) if (effect.is(setGhost)) return effect.value;
    if (!ghost) return null;
    if (transaction.docChanged) return typedThrough(ghost, transaction);
    return transaction.selection ? null : ghost;
  },
  provide: (field) => EditorView.decorations.from(field, (ghost) => {
    if (!ghost) return Decoration.none;
    return Decoration.set([Decoration.widget({ widget: new GhostWidget(ghost.text), side: 1 }).range(ghost.at)]);
  }),
});

/** The rest of a ghost whose beginning was typed by hand. */
function typedThrough(ghost: Ghost, transaction: Transaction): Ghost | null {
  let typed: string | null = null;
  transaction.changes.iterChanges((from, to, _newFrom, _newTo, inserted) => {
    typed = typed === null && from === ghost.at && to === from ? inserted.toString() : '';
  });
  if (!typed || !ghost.text.startsWith(typed) || typed === ghost.text) return null;
  return { at: ghost.at + (typed as string).length, text: ghost.text.slice((typed as string).length) };
}

class Asker {
  private timer = 0;
  private abort = new AbortController();

  constructor(private readonly source: Source) {}

  update(update: ViewUpdate): void {
    const asked = update.transactions.some((each) => each.effects.some((effect) => effect.is(askNow)));
    if (!asked && !update.docChanged) return;
    if (update.state.field(ghostField) && !asked) return;
    this.stop();
    this.timer = window.setTimeout(() => this.ask(update.view), asked ? 0 : PAUSE_MS);
  }

  destroy(): void {
    this.stop();
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.abort.abort();
    this.abort = new AbortController();
  }

  private async ask(view: EditorView): Promise<void> {
    const { doc, selection } = view.state;
    const at = selection.main.head;
    if (!selection.main.empty) return;
    const text = await this.source.suggest(doc.sliceString(0, at), doc.sliceString(at), this.abort.signal);
    const moved = view.state.doc !== doc || view.state.selection.main.head !== at;
    if (!text || moved) return;
    view.dispatch({ effects: setGhost.of({ at, text }) });
    this.source.shown(text);
  }
}

/** The next word of a suggestion with what stands before it; never nothing. */
export function nextWord(text: string): string {
  return /^\s*(?:[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]+|$)/u.exec(text)?.[0] || text;
}

function insert(view: EditorView, source: Source, part: (text: string) => string): boolean {
  const ghost = view.state.field(ghostField);
  if (!ghost) return false;
  const text = part(ghost.text);
  const rest = ghost.text.slice(text.length);
  const at = ghost.at + text.length;
  view.dispatch({
    changes: { from: ghost.at, insert: text },
    selection: { anchor: at },
    effects: setGhost.of(rest ? { at, text: rest } : null),
    userEvent: 'input.complete',
    scrollIntoView: true,
  });
  if (!rest) source.accepted();
  return true;
}

function dismiss(view: EditorView): boolean {
  if (!view.state.field(ghostField)) return false;
  view.dispatch({ effects: setGhost.of(null) });
  return true;
}

function askAgain(view: EditorView): boolean {
  view.dispatch({ effects: [setGhost.of(null), askNow.of(null)] });
  return true;
}

export function ghostText(source: Source): Extension {
  return [
    ghostField,
    ViewPlugin.define(() => new Asker(source)),
    Prec.highest(keymap.of([
      { key: 'Tab', run: (view) => insert(view, source, (text) => text) },
      { key: 'Ctrl-ArrowRight', mac: 'Cmd-ArrowRight', run: (view) => insert(view, source, nextWord) },
      { key: 'Escape', run: dismiss },
      { key: 'Alt-\\', run: askAgain },
    ])),
  ];
}

export function ghostOf(state: EditorState): string {
  return state.field(ghostField)?.text ?? '';
}
