/** The server's life: found, started, restarted when it stops by itself, explained when that does not help. */

import * as vscode from "vscode";
import { Client, type Surroundings } from "./client";
import { Crashes } from "./crashes";
import { findServer, type Found } from "./server";
import { read } from "./settings";
import type { State } from "./state";
import type { Status } from "./status";

/** What is told when something is wrong. */
export interface Told {
  /** Nothing is installed. */
  missing(): void;
  /** A server answers, and says that it is of this version. */
  started(command: string, version: string): void;
  /** Something is wrong that another try will not mend; `message` says what. */
  failed(message: string): void;
  /** The server runs and reports an error. */
  reported(state: State): void;
  /** The server wants the user to read this. */
  message(message: string): void;
}

export class Life implements vscode.Disposable {
  private client: Client | undefined;
  private readonly crashes = new Crashes();
  private work: Promise<void> = Promise.resolve();
  private again: NodeJS.Timeout | undefined;
  private reported = "";

  constructor(
    private readonly environment: string,
    private readonly status: Status,
    private readonly around: Pick<Surroundings, "log" | "options">,
    private readonly told: Told,
  ) {}

  /** The running server, if one runs. */
  get running(): Client | undefined {
    return this.client;
  }

  /** The program that would be started now. */
  find(): Promise<Found> {
    return findServer({ setting: read("path", ""), environment: this.environment });
  }

  /** Have the server take the settings as they are now; one that cannot is started anew with them. */
  async apply(): Promise<void> {
    this.reported = "";
    if (!(await this.client?.sendSettings())) await this.restart();
  }

  /** Start anew, also with a program or settings that changed. */
  restart(): Promise<void> {
    this.reported = "";
    this.crashes.forget();
    this.abandon();
    return this.inTurn(() => this.reopen());
  }

  stop(): Promise<void> {
    this.abandon();
    return this.inTurn(() => this.close());
  }

  dispose(): void {
    clearTimeout(this.again);
  }

  /** One thing after the other: no two servers at once, however fast settings change. */
  private inTurn(task: () => Promise<void>): Promise<void> {
    this.work = this.work.then(task).catch((error: unknown) => this.around.log.error(String(error)));
    return this.work;
  }

  /** A program that never answers would keep everything after it waiting. */
  private abandon(): void {
    if (this.client?.abandon()) this.client = undefined;
  }

  private async reopen(): Promise<void> {
    await this.close();
    if (!read("enabled", true)) return;
    this.status.server({ kind: "loading", message: "Looking for the server." });
    const found = await this.find();
    if (found === undefined) this.miss();
    else if ("problem" in found) this.fail(found.problem, "Correct the setting, or remove it.");
    else await this.open(found.command);
  }

  private async open(command: string): Promise<void> {
    this.status.server({ kind: "loading", message: "The server is starting." });
    this.around.log.info(`Starting ${command}`);
    let started = false;
    const client: Client = new Client({
      ...this.around,
      command,
      silent: document => this.status.silences(document),
      onStatus: state => this.said(state),
      onMessage: message => this.told.message(message),
      onClosed: () => started && void this.crashed(client, "It said nothing."),
    });
    this.client = client;
    try {
      await client.start();
      started = true;
      if (client.version !== undefined) this.told.started(command, client.version);
      this.status.server({ kind: "ready", message: "The server is running." });
    } catch (error) {
      this.around.log.error(error instanceof Error ? error.message : String(error));
      await this.crashed(client, `${command} ended without a word. Is it fimble?`);
    }
  }

  private async close(): Promise<void> {
    clearTimeout(this.again);
    const client = this.client;
    this.client = undefined;
    await client?.stop();
  }

  /** Each error is told once, and again when the settings have changed since. */
  private said(state: State): void {
    this.status.said(state);
    if (state.kind !== "error" || state.message === this.reported) return;
    this.reported = state.message;
    this.told.reported(state);
  }

  private async crashed(client: Client, circumstance: string): Promise<void> {
    if (client !== this.client) return; // it was told to stop
    const reason = (await client.lastWords()) || circumstance;
    if (client !== this.client) return;
    this.client = undefined;
    this.around.log.error(`The server stopped by itself: ${reason}`);
    const wait = this.crashes.next(Date.now());
    if (wait === undefined) {
      this.fail(
        `The server stops again and again. The last time: ${reason}`,
        "Run the doctor, or look at the log.",
      );
      return;
    }
    this.status.server({ kind: "loading", message: `The server stopped and is started again: ${reason}` });
    this.again = setTimeout(() => void this.inTurn(() => this.reopen()), wait);
  }

  private miss(): void {
    this.status.server({
      kind: "missing",
      message: "The server is not installed.",
      advice: "Click to install it.",
    });
    this.told.missing();
  }

  private fail(message: string, advice: string): void {
    this.status.server({ kind: "error", message, advice });
    this.told.failed(message);
  }
}
