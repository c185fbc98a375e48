// The editor: CodeMirror in a shadow root, where its styles need no exception from the page's policy.
import { indentWithTab } from '@codemirror/commands';
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from '@codemirror/language';
import { Compartment, EditorState } from '@codemirror/state';
import { EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { minimalSetup } from 'codemirror';
import { Source, ghostText } from './ghost';
import { Language } from './languages';

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: 'var(--code-string)' },
  { tag: [tags.comment, tags.docString], color: 'var(--code-comment)', fontStyle: 'italic' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: 'var(--code-function)' },
  { tag: [tags.typeName, tags.className, tags.tagName, tags.namespace], color: 'var(--code-type)' },
  { tag: [tags.propertyName, tags.attributeName], color: 'var(--code-property)' },
  { tag: [tags.punctuation, tags.operator], color: 'var(--code-punctuation)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', color: 'var(--ink)', backgroundColor: 'transparent', fontSize: '14px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.65', overflow: 'auto' },
  '.cm-content': { padding: '14px 0 40px', caretColor: 'var(--accent)' },
  '.cm-line': { padding: '0 18px 0 10px' },
  '.cm-gutters': { backgroundColor: 'var(--card)', color: 'var(--faint)', border: 'none', paddingLeft: '8px' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'var(--active-line)' },
  '.cm-activeLineGutter': { color: 'var(--muted)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)', borderLeftWidth: '2px' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'var(--selection)',
  },
  '.cm-matchingBracket': { backgroundColor: 'var(--selection)', outline: 'none' },
  '.cm-ghost': {
    color: 'var(--ghost)', backgroundColor: 'var(--soft)', borderRadius: '4px', whiteSpace: 'pre', fontStyle: 'italic',
  },
});

export class Editor {
  private readonly language = new Compartment();
  readonly view: EditorView;

  constructor(host: HTMLElement, source: Source) {
    const root = host.attachShadow({ mode: 'open' });
    const parent = document.createElement('div');
    parent.className = 'editor';
    root.append(parent);
    const filled = new CSSStyleSheet();
    filled.replaceSync(':host { display: block } .editor { height: 100% }');
    root.adoptedStyleSheets = [filled];
    this.view = new EditorView({
      parent,
      root,
      extensions: [
        ghostText(source), minimalSetup, lineNumbers(), highlightActiveLine(), highlightActiveLineGutter(),
        bracketMatching(), indentOnInput(), indentUnit.of('    '), EditorState.tabSize.of(4),
        keymap.of([indentWithTab]), syntaxHighlighting(colours), look,
        this.language.of([]), EditorView.contentAttributes.of({ 'aria-label': 'Code' }),
      ],
    });
  }

  /** Begin with a language's sample, the cursor where it belongs. */
  open(language: Language): void {
    const [before = '', after = ''] = language.sample.split('▮');
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: before + after },
      selection: { anchor: before.length },
      effects: this.language.reconfigure(language.colours()),
      scrollIntoView: true,
    });
    this.view.focus();
  }
}
