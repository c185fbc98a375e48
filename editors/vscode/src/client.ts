/** The language client: what is sent to a running server, and what is taken from it. */

import { createInterface } from "node:readline";
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  MessageType,
  RevealOutputChannelOn,
  type LanguageClientOptions,
  type Middleware,
  type ShowMessageParams,
} from "vscode-languageclient/node";
import { SECTION, type Values } from "./settings";
import { readStatus, type State } from "./state";

const CHANGED = "workspace/didChangeConfiguration";
const LAST_WORDS_MS = 500;
export const SCHEMES = ["file", "untitled"];

/** What a client needs of the rest. */
export interface Surroundings {
  command: string;
  log: vscode.LogOutputChannel;
  /** The options as they are now. */
  options(): Promise<Values>;
  /** Whether nothing is to be asked for this document. */
  silent(document: vscode.TextDocument): boolean;
  onStatus(state: State): void;
  /** Something that the server wants the user to read. */
  onMessage(message: string): void;
  /** The connection ended by itself. */
  onClosed(): void;
}

/** Failures are explained by us: raw ones go to the log alone. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

/** One run of the server. A client is not started twice. */
export class Client {
  private line = "";
  private hasEnded = () => {};
  private readonly ended = new Promise<void>(resolve => (this.hasEnded = resolve));
  private readonly inner: LanguageClient;
  private takesSettings = false;
  private tellsStatus = false;

  constructor(private readonly around: Surroundings) {
    const program = { command: around.command, args: ["lsp"] };
    this.inner = new QuietClient(SECTION, "fimble", program, this.clientOptions());
    this.inner.onNotification("fimble/status", (sent: unknown) => {
      const state = readStatus(sent);
      if (!state) return;
      this.tellsStatus = true;
      around.onStatus(state);
    });
    this.inner.onNotification("window/showMessage", ({ type, message }: ShowMessageParams) => {
      around.log.info(message);
      // errors come with the status, too, together with what can be done about them
      if (type !== MessageType.Error || !this.tellsStatus) around.onMessage(message);
    });
  }

  async start(): Promise<void> {
    this.inner.clientOptions.initializationOptions = await this.around.options();
    await this.inner.start();
    this.focus(vscode.window.activeTextEditor);
  }

  /** The last line that the server wrote to standard error; often the reason why it ended. */
  async lastWords(): Promise<string> {
    const patience = new Promise<void>(resolve => setTimeout(resolve, LAST_WORDS_MS));
    await Promise.race([this.ended, patience]);
    return this.line;
  }

  /** End a server that has not answered yet; false when it has, and can be asked to stop. */
  abandon(): boolean {
    if (this.inner.isRunning()) return false;
    return this.inner.serverProcess?.kill() ?? false;
  }

  async stop(): Promise<void> {
    await this.inner.dispose(2_000).catch(() => undefined);
  }

  /** Send the settings as they are now; false when this server would not take them. */
  async sendSettings(): Promise<boolean> {
    if (!this.takesSettings) return false;
    await this.inner.sendNotification(CHANGED, { settings: { [SECTION]: await this.around.options() } });
    return true;
  }

  /** Tell which document the user looks at, if the server wants to know. */
  focus(editor: vscode.TextEditor | undefined): void {
    if (!this.inner.isRunning() || !this.announces("didFocus")) return;
    const shown = editor && SCHEMES.includes(editor.document.uri.scheme) ? editor : undefined;
    const sent = shown ? { textDocument: { uri: shown.document.uri.toString() } } : {};
    void this.inner.sendNotification("textDocument/didFocus", sent);
  }

  /** The server's own version, if it told one. */
  get version(): string | undefined {
    return this.inner.initializeResult?.serverInfo?.version;
  }

  /** Whether the server has a command of this name. */
  has(command: string): boolean {
    return (
      this.inner.initializeResult?.capabilities.executeCommandProvider?.commands.includes(command) ?? false
    );
  }

  /** Have the server run one of its commands. */
  async execute<T>(command: string, argument?: Values): Promise<T> {
    const sent = { command, arguments: argument ? [argument] : [] };
    return this.inner.sendRequest<T>("workspace/executeCommand", sent);
  }

  /** Whether the server said that it takes a notification beyond the standard. */
  private announces(notification: string): boolean {
    const experimental: unknown = this.inner.initializeResult?.capabilities.experimental;
    const { fimble } = (experimental ?? {}) as { fimble?: Record<string, unknown> };
    return fimble?.[notification] === true;
  }

  private clientOptions(): LanguageClientOptions {
    return {
      documentSelector: SCHEMES.map(scheme => ({ scheme })),
      outputChannel: this.around.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      middleware: this.middleware(),
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          this.around.onClosed();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      stdioOptions: {
        stdout: () => undefined,
        stderr: (input, log) => {
          const lines = createInterface(input);
          lines.on("line", line => {
            this.line = line.trim() || this.line;
            log.info(line);
          });
          lines.on("close", this.hasEnded);
        },
      },
    };
  }

  private middleware(): Middleware {
    const { silent, options } = this.around;
    return {
      provideInlineCompletionItems: (document, position, context, token, next) =>
        silent(document) ? undefined : next(document, position, context, token),
      // the client would send every setting with its default, and the key not at all
      handleRegisterCapability: async (params, next) => {
        const others = params.registrations.filter(each => each.method !== CHANGED);
        this.takesSettings ||= others.length < params.registrations.length;
        await next({ registrations: others }, new vscode.CancellationTokenSource().token);
      },
      workspace: {
        configuration: async params => {
          this.takesSettings = true;
          const now = await options();
          return params.items.map(item => (item.section === SECTION ? now : null));
        },
      },
      // a server that tells its status says the same there
      handleWorkDoneProgress: (token, params, next) => {
        if (!this.tellsStatus) next(token, params);
      },
    };
  }
}
