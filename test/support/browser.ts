import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** How a page is looked at. */
export interface View {
  readonly width: number;
  readonly height?: number;
  readonly media?: 'screen' | 'print';
  readonly scheme?: 'light' | 'dark';
}

/** What a page did that a quiet one does not do. */
export interface Noise {
  /** The addresses that it asked for, besides its own. */
  readonly requests: readonly string[];
  /** Lines of the console, exceptions and what the browser itself complains about. */
  readonly complaints: readonly string[];
}

type Fields = Record<string, unknown>;

/**
 * A headless Chromium, driven through a pipe (--remote-debugging-pipe): each message is JSON that ends with NUL. It opens
 * files only.
 */
export class Browser {
  readonly #process: ChildProcess;
  readonly #profile = mkdtempSync(join(tmpdir(), 'portsentry-chromium-'));
  readonly #waiting = new Map<
    number,
    { resolve: (result: Fields) => void; reject: (error: Error) => void }
  >();
  readonly #listeners: ((method: string, params: Fields) => void)[] = [];
  #last = 0;
  #session: string | undefined;

  private constructor() {
    const options = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      '--remote-debugging-pipe',
      `--user-data-dir=${this.#profile}`,
    ];
    this.#process = spawn('chromium', options, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    let rest = '';
    (this.#process.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() as string;
      for (const message of messages) this.#take(JSON.parse(message) as Fields);
    });
    this.#process.on('exit', () => this.#fail(new Error('chromium has ended')));
    this.#process.on('error', (error) => this.#fail(error));
  }

  /** Starts the browser with one empty page. */
  static async start(): Promise<Browser> {
    const browser = new Browser();
    const { targetId } = await browser.#send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await browser.#send('Target.attachToTarget', { targetId, flatten: true });
    browser.#session = sessionId as string;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await browser.#send(`${domain}.enable`);
    return browser;
  }

  /** Opens a file and returns what it did besides. */
  async open(path: string, view: View): Promise<Noise> {
    const requests: string[] = [];
    const complaints: string[] = [];
    const url = `file://${path}`;
    await this.look(view);
    const isLoaded = new Promise<void>((resolve) => {
      this.#listeners.push((method, params) => {
        if (method === 'Page.loadEventFired') resolve();
        if (method === 'Network.requestWillBeSent') {
          const { url: asked } = params.request as { url: string };
          if (asked !== url) requests.push(asked);
        }
        if (/^(Runtime.consoleAPICalled|Runtime.exceptionThrown|Log.entryAdded)$/.test(method))
          complaints.push(JSON.stringify(params));
      });
    });
    await this.#send('Page.navigate', { url });
    await isLoaded;
    // The answer comes after what the page did until now.
    await this.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    return { requests, complaints };
  }

  /** Looks at the page in another way. */
  async look({ width, height = 900, media = 'screen', scheme = 'light' }: View): Promise<void> {
    await this.#send('Emulation.setDeviceMetricsOverride', {
      ...{ width, height, deviceScaleFactor: 1, mobile: false },
    });
    const features = [{ name: 'prefers-color-scheme', value: scheme }];
    await this.#send('Emulation.setEmulatedMedia', { media, features });
  }

  /** The value of an expression in the page, as JSON. */
  async evaluate<T>(expression: string): Promise<T> {
    const answer = await this.#send('Runtime.evaluate', {
      ...{ expression, returnByValue: true, awaitPromise: true },
    });
    if (answer.exceptionDetails !== undefined) throw new Error(JSON.stringify(answer.exceptionDetails));
    return (answer.result as { value: T }).value;
  }

  /** A picture of the whole page, or of what the window shows, as a PNG. */
  async screenshot(part: 'page' | 'window' = 'page'): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', {
      captureBeyondViewport: part === 'page',
      format: 'png',
    });
    return Buffer.from(data as string, 'base64');
  }

  /** The page on paper. */
  async pdf(): Promise<Buffer> {
    const { data } = await this.#send('Page.printToPDF', { printBackground: true });
    return Buffer.from(data as string, 'base64');
  }

  /** Ends the browser. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#session = undefined;
    this.#send('Browser.close').catch(() => {});
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }

  #send(method: string, params: Fields = {}): Promise<Fields> {
    const id = ++this.#last;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #take(message: Fields): void {
    const waiting = this.#waiting.get(message.id as number);
    if (waiting === undefined) {
      for (const listener of this.#listeners) listener(message.method as string, message.params as Fields);
      return;
    }
    this.#waiting.delete(message.id as number);
    if (message.error !== undefined) waiting.reject(new Error(JSON.stringify(message.error)));
    else waiting.resolve(message.result as Fields);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
