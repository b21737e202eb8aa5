import type { Why } from '../../control/status.ts';
import { type CommandError, Exit } from '../../preflight/exit.ts';
import { askFor, type DaemonSocket, findSocket, giveOrder } from '../ask.ts';
import { blockRequest } from '../block.ts';
import type { TopOptions } from '../invocation.ts';
import { jsonLine } from '../json.ts';
import type { CommandOutput } from '../output.ts';
import { renderWhy } from '../why.ts';
import { Feed, ticksOf } from './feed.ts';
import { frame } from './frame.ts';
import { plainPage } from './plain-page.ts';
import { reduce, type TopEvent } from './reduce.ts';
import { initialState, type Order, type TopState } from './state.ts';
import type { Effect } from './step.ts';
import { canDraw, painter, Terminal, terminalSize } from './terminal.ts';

/**
 * `portsentry top`: shows the sources as they scan until a key ends it. Without a terminal it prints one table, and with
 * --json a line each second. Throws a CommandError when the daemon does not answer at the start.
 */
export async function runTop(options: TopOptions, output: CommandOutput): Promise<Exit> {
  const socket = findSocket(options.configfile, output);
  if (options.json) {
    for await (const tick of ticksOf(socket, options.sort)) await output.stdout(jsonLine(tick));
    return Exit.ok;
  }
  if (!canDraw()) {
    for await (const tick of ticksOf(socket, options.sort)) {
      await output.stdout(plainPage(tick, options.sort));
      return Exit.ok;
    }
  }
  return new View(socket, options).run();
}

/** Connects the state of the view with the terminal and the daemon. */
class View {
  readonly #socket: DaemonSocket;
  readonly #feed: Feed;
  readonly #terminal: Terminal;
  readonly #paint = painter();
  /** Ends what was asked of the daemon. */
  readonly #end = new AbortController();
  #state: TopState;
  #isOpen = false;
  #finish: (result: Exit | CommandError) => void = () => {};

  constructor(socket: DaemonSocket, { sort }: TopOptions) {
    this.#socket = socket;
    this.#state = initialState(terminalSize(), sort, process.geteuid?.() === 0);
    this.#feed = new Feed(socket, {
      tick: (tick, isFirst) => {
        this.#open();
        this.#take({ type: 'tick', tick, isFirst });
      },
      lost: (error) => {
        if (this.#isOpen) this.#take({ type: 'lost', reason: error.message });
        else this.#finish(error);
      },
    });
    this.#terminal = new Terminal({
      key: (key) => this.#take({ type: 'key', key }),
      resized: (size) => this.#take({ type: 'resize', size }),
      // Otherwise the daemon would drop a reader that does not read.
      suspended: () => this.#feed.stop(),
      resumed: () => this.#feed.start(this.#state.sort),
      gone: () => this.#finish(Exit.ok),
    });
  }

  /** Resolves when a key has ended the view. Throws the CommandError of a daemon that does not answer at the start. */
  async run(): Promise<Exit> {
    const finished = new Promise<Exit | CommandError>((resolve) => {
      this.#finish = resolve;
    });
    this.#feed.start(this.#state.sort);
    try {
      const result = await finished;
      if (typeof result !== 'number') throw result;
      return result;
    } finally {
      this.#terminal.close();
      this.#feed.stop();
      this.#end.abort();
    }
  }

  /** The screen is taken only when there is something to show: an error at the start is an ordinary line. */
  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#terminal.open();
  }

  #take(event: TopEvent): void {
    const { state, effects } = reduce(this.#state, event);
    this.#state = state;
    for (const effect of effects) this.#carryOut(effect);
    this.#terminal.draw(frame(this.#state, this.#paint));
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case 'quit':
        this.#finish(Exit.ok);
        break;
      case 'suspend':
        this.#terminal.suspend();
        break;
      case 'subscribe':
        this.#feed.start(effect.sort);
        break;
      case 'why':
        void this.#answer(this.#why(effect.source));
        break;
      case 'order':
        void this.#answer(this.#order(effect.order));
        break;
    }
  }

  /** Takes the event that an answer of the daemon leads to, or says why there is none. */
  async #answer(answer: Promise<TopEvent>): Promise<void> {
    const event = await answer.catch((error: Error) => ({ type: 'message', text: error.message }) as const);
    if (!this.#end.signal.aborted) this.#take(event);
  }

  async #why(source: string): Promise<TopEvent> {
    // A network is asked for by its first address.
    const [address = source] = source.split('/');
    const why = await askFor<Why>(
      this.#socket,
      { command: 'why', address },
      'why',
      undefined,
      this.#end.signal,
    );
    return { type: 'text', title: source, lines: renderWhy(why, Date.now()).split('\n') };
  }

  async #order({ what, target }: Order): Promise<TopEvent> {
    const request =
      what === 'block' ? blockRequest(target, null, 'by top') : ({ command: 'unblock', target } as const);
    const { fields } = await giveOrder(this.#socket, request, this.#end.signal);
    return { type: 'message', text: fields.message };
  }
}
